import { expect, test } from 'vitest'
import { compileStepOrThrow, probeDevice } from '@grad-ts/onnxruntime'
import type { Device } from '@grad-ts/onnxruntime'
import { evaluate, matmul, mul, normal, key, scalar, sub, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** A step whose batch and outputs stay the same while its parameters grow. */
const stepOf = async (width: number, device: Device) => {
  const step = (w: Tensor, x: Tensor) => [sub(w, mul(w, sum(x))), sum(matmul(w, w))] as const
  return compileStepOrThrow(step, evaluate(normal(key(0), [width, width])) as Tensor, scalar(0) as Tensor, { device, threads: 1 })
}

test('a profile lists the ops that ran, where, and for how long', async () => {
  await using program = await stepOf(64, 'cpu')
  const { ops, fallbacks } = await program.profileOrThrow()
  expect(ops.map(({ op }) => op)).toContain('ReduceSum')
  expect(ops.every(({ device, microseconds }) => device === 'cpu' && microseconds >= 0)).toBe(true)
  expect(fallbacks).toEqual([])
})

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

test.skipIf(missing !== undefined)('on webgpu the bytes that cross do not grow with the parameters, and nothing falls back', async () => {
  await using small = await stepOf(8, 'webgpu')
  await using large = await stepOf(256, 'webgpu')
  const [one, other] = [await small.profileOrThrow(), await large.profileOrThrow()]
  expect([one.bytesIn, one.bytesOut]).toEqual([4, 4])
  expect([other.bytesIn, other.bytesOut]).toEqual([4, 4])
  expect([...one.fallbacks, ...other.fallbacks]).toEqual([])
})
