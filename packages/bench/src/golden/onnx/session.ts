import { tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { InferenceSession, Tensor as Value } from 'onnxruntime-node'
import type { FixtureTensor, OnnxFixture } from './fixture.ts'

const valueOf = ({ dtype, shape, data }: FixtureTensor): Value => {
  const numbers = data.map(Number)
  if (dtype === 'int64') return new Value('int64', BigInt64Array.from(numbers, BigInt), shape)
  return dtype === 'bool' ? new Value('bool', Uint8Array.from(numbers), shape) : new Value('float32', Float32Array.from(numbers), shape)
}

/** Runs the bytes of a file in a plain session of ONNX Runtime on a fixture's inputs. */
export const runFile = async (bytes: Uint8Array, { inputs, outputs }: OnnxFixture): Promise<Record<string, Constant>> => {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 })
  try {
    const results = await session.run(Object.fromEntries(inputs.map((input) => [input.name, valueOf(input)])))
    return Object.fromEntries(outputs.map(({ name, shape }) => [name, tensor((results[name] as Value).data as Float32Array, { shape })]))
  } finally {
    await session.release()
  }
}
