import { createEmitterWith } from './emitter.ts'
import type { DynamicExtents, Emitter, Target } from './emitter.ts'
import { lower } from './lowering/table.ts'

/** Makes an empty ONNX graph that knows how to write every op. */
export const createEmitter = (target: Target = 'portable', dynamic: DynamicExtents = () => undefined): Emitter =>
  createEmitterWith(lower, target, dynamic)
