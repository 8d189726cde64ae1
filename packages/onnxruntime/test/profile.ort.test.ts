import { expect, test } from 'vitest'
import { compileStepOrThrow, probeDevice } from '@grad-ts/onnxruntime'
import type { Device } from '@grad-ts/onnxruntime'
import { valueAndGrad } from '@grad-ts/autodiff'
import {
  add,
  cast,
  conv,
  cumsum,
  evaluate,
  gather,
  key,
  logSoftmax,
  matmul,
  maxPool,
  mean,
  mul,
  neg,
  normal,
  ones,
  relu,
  reshape,
  scalar,
  sub,
  sum,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { batchOf, initialState, step } from './models.ts'

/** A step whose batch and outputs stay the same while its parameters grow. */
const stepOf = async (width: number, device: Device) => {
  const step = (w: Tensor, x: Tensor) => [sub(w, mul(w, sum(x))), sum(matmul(w, w))] as const
  return compileStepOrThrow(step, evaluate(normal(key(0), [width, width])) as Tensor, scalar(0) as Tensor, { device, threads: 1 })
}

test('a profile lists the ops that ran, where, and for how long', async () => {
  await using program = await stepOf(64, 'cpu')
  const { ops, fallsBack } = await program.profileOrThrow()
  expect(ops.map(({ op }) => op)).toContain('ReduceSum')
  expect(ops.every(({ device, microseconds }) => device === 'cpu' && microseconds >= 0)).toBe(true)
  expect(fallsBack).toBe(false)
})

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

test.skipIf(missing !== undefined)('on webgpu the bytes that cross do not grow with the parameters', async () => {
  await using small = await stepOf(8, 'webgpu')
  await using large = await stepOf(256, 'webgpu')
  const [one, other] = [await small.profileOrThrow(), await large.profileOrThrow()]
  expect([one.bytesIn, one.bytesOut]).toEqual([4, 4])
  expect([other.bytesIn, other.bytesOut]).toEqual([4, 4])
})

/** Convolution, pooling, an embedding and a loss: what the reference models are made of. */
const vision = (params: { kernel: Tensor; table: Tensor }, batch: { x: Tensor; y: Tensor }) => {
  const loss = (p: typeof params): Tensor => {
    const features = reshape(maxPool(relu(conv(batch.x, p.kernel)), 2), [2, -1])
    return neg(mean(mul(logSoftmax(matmul(features, p.table)), gather(p.table, batch.y))))
  }
  const [value, gradients] = valueAndGrad(loss)(params)
  return [{ kernel: sub(params.kernel, gradients.kernel), table: sub(params.table, gradients.table) }, value] as const
}

test.skipIf(missing !== undefined)('on webgpu no op of the reference models falls back to the cpu', async () => {
  await using dense = await compileStepOrThrow(step, initialState(), batchOf(0), { device: 'webgpu' })
  const params = { kernel: ones([4, 1, 3, 3]), table: ones([36, 36]) }
  const batch = { x: ones([2, 1, 8, 8]), y: zeros([2], 'int32') }
  await using images = await compileStepOrThrow(vision, params, batch, { device: 'webgpu' })
  for (const program of [dense, images]) {
    const { nodes, elsewhere } = await program.placementOrThrow()
    expect([Object.keys(nodes), elsewhere]).toEqual([['webgpu'], []])
  }
  // Some drivers end the process that records; that is not this one.
  expect((await images.profileOrThrow()).fallsBack).toBe(false)
})

test.skipIf(missing !== undefined)('an op without a kernel on the device is told', async () => {
  const sorted = (state: Tensor, x: Tensor) => [add(state, sum(cast(cumsum(cast(x, 'float64')), 'float32'))), x] as const
  await using program = await compileStepOrThrow(sorted, scalar(0) as Tensor, ones([3]), { device: 'webgpu' })
  const { ops, fallsBack } = await program.profileOrThrow()
  expect(fallsBack).toBe(true)
  expect(ops.filter(({ device }) => device === 'cpu').map(({ op }) => op)).toContain('CumSum')
  const { nodes, elsewhere } = await program.placementOrThrow()
  expect(elsewhere).toContainEqual({ op: 'CumSum', name: 'CumSum', device: 'cpu' })
  expect(nodes.cpu).toBe(elsewhere.length)
})

test('on the cpu every node is placed there', async () => {
  await using program = await stepOf(4, 'cpu')
  const { nodes, elsewhere } = await program.placementOrThrow()
  expect([Object.keys(nodes), elsewhere]).toEqual([['cpu'], []])
})
