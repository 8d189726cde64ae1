import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { compile, compileOrThrow, compileStep, PrecisionUnavailableError, probeDevice, probeMixedPrecision } from '@grad-ts/onnxruntime'
import { optimizeGraph, precisionRoles, toMixedPrecision, toModel } from '@grad-ts/onnx'
import { opExamples } from '@grad-ts/testkit'
import { matmul, ones, opNames, reshape, sizeOf, toArray, trace } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { createSession } from '../src/session.ts'
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

  // A device without float16 still tells which kernels there are: it fails later.
  const inProducts = (x: Tensor): Tensor =>
    x.dtype === 'float32' ? reshape(matmul(reshape(x, [sizeOf(x.shape), 1]), ones([1, 1])), x.shape) : x

  const stays = async (graph: Graph): Promise<boolean> => {
    try {
      const session = await createSession(toModel(graph, { target: 'webgpu' }), { device: 'webgpu', fallback: false })
      await session.release()
      return true
    } catch {
      return false
    }
  }

  const followers = opNames.filter((op) => ['product', 'exact', 'between'].includes(precisionRoles[op]))

  test.each(followers)('has kernels for %s in float16 where it has them in float32', async (op) => {
    const found = opExamples[op].find(({ name, operands }) => name !== 'edges' && operands.some(({ dtype }) => dtype === 'float32'))
    if (found === undefined) throw new Error(`no example of ${op} takes float32`)
    const graph = optimizeGraph(trace((...given: readonly Tensor[]) => inProducts(found.apply(...given.map(inProducts))), found.operands))
    expect(await stays(graph as Graph)).toBe(true)
    expect(await stays(toMixedPrecision(graph) as Graph)).toBe(true)
  })

  test('computes in float32 all the same', async () => {
    await using program = await compileOrThrow((x: Tensor) => matmul(x, x), [ones([2, 2])], { device: 'webgpu' })
    expect(toArray(await program.runOrThrow(ones([2, 2])))).toEqual([
      [2, 2],
      [2, 2],
    ])
  })
})
