import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { modelDescriptor } from './descriptor.ts'
import type { ModelProto } from './messages.ts'

/** Writes a model in the ONNX wire format. */
export const encodeModel = (model: ModelProto): Uint8Array => toBinary(modelDescriptor, create(modelDescriptor, model as never))

/** Reads a model from the ONNX wire format. */
export const decodeModel = (bytes: Uint8Array): ModelProto => fromBinary(modelDescriptor, bytes) as unknown as ModelProto
