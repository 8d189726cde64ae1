import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { DynamicBatchError, exportModel, exportModelOrThrow } from '@grad-ts/onnx'
import {
  add,
  arange,
  cast,
  concat,
  evaluate,
  expandDims,
  flip,
  input,
  matmul,
  mean,
  normal,
  key,
  pad,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  sub,
  transpose,
  broadcastTo,
} from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

const feed = (value: Tensor): RuntimeTensor =>
  new RuntimeTensor('float32', (evaluate(value) as Constant).attributes.data as Float32Array, value.shape)

const params = { dense: { kernel: normal(key(1), [6, 4]), bias: normal(key(2), [4]) }, unused: normal(key(3), [2]) }

type Params = typeof params

// Each model keeps the batch axis first; the shapes inside follow it in different ways.
const models: Readonly<Record<string, (p: Params, x: Tensor) => Tensor>> = {
  dense: (p, x) => relu(add(matmul(x, p.dense.kernel), p.dense.bias)),
  folded: (p, x) =>
    reshape(add(matmul(reshape(x, [x.shape[0] as number, 2, 3]), slice(p.dense.kernel, [{ end: 3 }])), p.dense.bias), [-1, 8]),
  batched: (p, x) => {
    const tokens = reshape(concat([x, x], 1), [x.shape[0] as number, 3, 4])
    return sum(matmul(transpose(tokens, [0, 2, 1]), tokens), { axes: [2] })
  },
  broadcast: (p, x) => add(broadcastTo(reshape(p.dense.bias, [1, 4]), [x.shape[0] as number, 4]), matmul(x, p.dense.kernel)),
  flipped: (p, x) => flip(softmax(matmul(x, p.dense.kernel)), 0),
  padded: (p, x) =>
    pad(matmul(x, p.dense.kernel), [
      [0, 0],
      [1, 2],
    ]),
  doubled: (p, x) => concat([x, x], 0),
}

test.each(Object.entries(models))('an exported model takes any batch size (%s)', async (_, model) => {
  const session = await InferenceSession.create(exportModelOrThrow(model, params, input('x', [1, 6])))
  expect(session.inputNames).toEqual(['input'])
  for (const batch of [1, 2, 9]) {
    const x = normal(key(batch), [batch, 6])
    const expected = evaluate(model(params, x)) as Constant
    const output = (await session.run({ input: feed(x) }))['output'] as RuntimeTensor
    expect(output.dims).toEqual(expected.shape)
    ;(output.data as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(expected.attributes.data[i] as number, 5))
  }
  await session.release()
})

test('ports are named by the caller and weights by their path', async () => {
  const model = (p: Params, inputs: { image: Tensor }) => ({ logits: models['dense']!(p, inputs.image) })
  const bytes = exportModelOrThrow(model, params, { image: input('x', [1, 6]) }, { names: { inputs: (path) => `in_${path}` } })
  const session = await InferenceSession.create(bytes)
  expect([session.inputNames, session.outputNames]).toEqual([['in_image'], ['logits']])
  const text = new TextDecoder('latin1').decode(bytes)
  expect(text).toContain('dense.kernel')
  expect(text).not.toContain('unused')
  await session.release()
})

test('a model that looks at the whole batch cannot be exported for any batch size', () => {
  const centred = (_: Params, x: Tensor): Tensor => sub(x, mean(x, { axes: [0] }))
  const result = exportModel(centred, params, input('x', [4, 6]))
  expect(result).toMatchObject({ left: expect.any(DynamicBatchError) })
  expect(String((result as { left: Error }).left.message)).toMatchInlineSnapshot(
    `"the model cannot take any batch size: a constant depends on the batch size, as in a mean over the batch; make it treat every example alike, or export it with dynamicBatch: false"`,
  )
  expect(exportModel(centred, params, input('x', [4, 6]), { dynamicBatch: false })).toMatchObject({ right: expect.any(Uint8Array) })
})

test('positions of the batch are constants and cannot be exported for any batch size', () => {
  const counted = (_: Params, x: Tensor): Tensor => add(x, expandDims(cast(arange(x.shape[0] as number), 'float32'), 1))
  expect(() => exportModelOrThrow(counted, params, input('x', [4, 6]))).toThrow(DynamicBatchError)
})
