import { InferenceSession, Tensor } from 'onnxruntime-node'
import { tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'

/** Runs a model file with ONNX Runtime alone. */
export const runOnnx = async (path: string, x: Constant): Promise<Constant> => {
  const session = await InferenceSession.create(path)
  const [input] = session.inputNames
  const [output] = session.outputNames
  const results = await session.run({ [input as string]: new Tensor('float32', x.attributes.data as Float32Array, [...x.shape]) })
  const { data, dims } = results[output as string] as Tensor
  await session.release()
  return tensor(data as Float32Array, { shape: dims })
}
