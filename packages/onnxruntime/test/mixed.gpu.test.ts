import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { compile, compileOrThrow, compileStep, PrecisionUnavailableError, probeDevice, probeMixedPrecision } from '@grad-ts/onnxruntime'
import { matmul, ones, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { batchOf, initialState, step } from './models.ts'

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)
const lacking = missing === undefined ? await probeMixedPrecision('webgpu') : undefined
if (lacking !== undefined) console.warn(`mixed precision on webgpu is not tested, but its error is: ${lacking.message}`)

const options = { device: 'webgpu', precision: 'mixed', threads: 1 } as const

describe.skipIf(missing !== undefined || lacking === undefined)('webgpu without float16', () => {
  test('answers with an error that says what to do', async () => {
    const square = (x: Tensor): Tensor => matmul(x, x)
    const results = [
      await compile(square, [ones([2, 2])], options)(),
      await compileStep(step, initialState(), batchOf(0), options)(),
      await compileStep(step, initialState(), batchOf(0), { ...options, worker: true })(),
    ]
    for (const result of results) expect(isLeft(result) && result.left).toBeInstanceOf(PrecisionUnavailableError)
    expect(lacking?.message).toMatch(
      /^device 'webgpu' does not compute in float16: .*requires f16.*; it needs the device feature shader-f16:/,
    )
  })

  test('computes in float32 all the same', async () => {
    await using program = await compileOrThrow((x: Tensor) => matmul(x, x), [ones([2, 2])], { device: 'webgpu' })
    expect(toArray(await program.runOrThrow(ones([2, 2])))).toEqual([
      [2, 2],
      [2, 2],
    ])
  })
})
