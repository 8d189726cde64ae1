import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InferenceSession } from 'onnxruntime-node'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { compileOrThrow, compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import { add, mul, ones, scalar, sum, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { forgetPlans } from '../../src/cache/plans.ts'
import { expectAgreement } from '../agreement.ts'
import { batchOf, initialState, step } from '../models.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const script = fileURLToPath(new URL('second-start.mjs', import.meta.url))

interface Start {
  readonly step: string
  readonly fn: string
  readonly bits: string
}

/** Starts a process that trains; it uses what was built. */
const start = async (settings: { readonly cache: string; readonly rate?: number; readonly options?: object }): Promise<Start> => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(settings)])
  return JSON.parse(stdout) as Start
}

const entriesOf = (path: string): string[] => readdirSync(path).map((name) => join(path, name))

test('a second start builds nothing and gives the same bits; another hyperparameter or option is built', async () => {
  const cache = join(folder, 'starts')
  const first = await start({ cache })
  expect(first).toMatchObject({ step: 'built', fn: 'built' })
  const [second, rate, option] = await Promise.all([
    start({ cache }),
    start({ cache, rate: 0.2 }),
    start({ cache, options: { fuse: 'off' } }),
  ])
  expect(second).toEqual({ step: 'disk', fn: 'disk', bits: first.bits })
  expect(rate).toMatchObject({ step: 'built', fn: 'built' })
  expect(rate.bits).not.toBe(first.bits)
  expect(option).toMatchObject({ step: 'built', fn: 'disk' })
})

test('several processes that write at once do no harm, and damage is repaired', async () => {
  const cache = join(folder, 'writers')
  const starts = await Promise.all(Array.from({ length: 4 }, () => start({ cache })))
  expect(new Set(starts.map(({ bits }) => bits)).size).toBe(1)
  expect(entriesOf(cache).map((path) => path.slice(-5))).toEqual(['.plan', '.plan'])
  for (const path of entriesOf(cache)) writeFileSync(path, readFileSync(path).subarray(0, 100))
  expect(await start({ cache })).toEqual({ step: 'built', fn: 'built', bits: starts[0]?.bits })
  expect(await start({ cache })).toEqual({ step: 'disk', fn: 'disk', bits: starts[0]?.bits })
})

const options: readonly (readonly [string, CompileStepOptions])[] = [
  ['kernels', { fuse: 'auto' }],
  ['a packed loop', { stepsPerRun: 2, fuse: 'off' }],
  ['kernels in a worker', { worker: true }],
  ['a memory budget', { memoryBudget: 'auto' }],
]

test.each(options)('a program from disk or memory gives the bits of one that was built (%s)', async (name, option) => {
  const cache = join(folder, name)
  const of = (seed: number) => {
    const batch = batchOf(seed)
    if (option.stepsPerRun === undefined) return batch
    return { x: tensor([toArray(batch.x), toArray(batch.x)] as never), y: tensor([toArray(batch.y), toArray(batch.y)] as never) }
  }
  const trained = async () => {
    await using program = await compileStepOrThrow(step, initialState(), batchOf(0), { threads: 1, cache, ...option })
    for (let i = 0; i < 3; i++) await program.runOrThrow(of(i) as never)
    return { origin: program.origin, state: await program.stateOrThrow(), explanation: program.explain(), model: program.model }
  }
  forgetPlans()
  const built = await trained()
  const memory = await trained()
  forgetPlans()
  const disk = await trained()
  expect([built, memory, disk].map(({ origin }) => origin)).toEqual(['built', 'memory', 'disk'])
  for (const { state, explanation, model } of [memory, disk]) {
    expectAgreement(state, built.state, 0)
    expect(explanation).toBe(built.explanation)
    expect(model).toEqual(built.model)
  }
})

test('another shape, dtype, constant or option is another plan', async () => {
  forgetPlans()
  const originOf = async (constant: number, x: Tensor, option: CompileStepOptions = {}): Promise<string> => {
    await using program = await compileStepOrThrow(
      (total: Tensor, y: Tensor) => [add(total, mul(sum(y), constant)), sum(y)] as const,
      scalar(0, x.dtype) as Tensor,
      x,
      {
        threads: 1,
        ...option,
      },
    )
    return program.origin
  }
  expect(await originOf(2, ones([3]))).toBe('built')
  expect(await originOf(2, ones([3]))).toBe('memory')
  expect(await originOf(3, ones([3]))).toBe('built')
  expect(await originOf(2, ones([4]))).toBe('built')
  expect(await originOf(2, ones([3], 'float64'))).toBe('built')
  expect(await originOf(2, ones([3]), { stepsPerRun: 1 })).toBe('built')
  expect(await originOf(2, ones([3]), { passes: [] })).toBe('built')
  expect(await originOf(2, ones([3]), { threads: 2 })).toBe('built')
  expect(await originOf(2, ones([3]), { precision: 'mixed' })).toBe('built')
  expect(await originOf(2, ones([3]), { cache: false })).toBe('built')
  expect(await originOf(2, ones([3]), { worker: true })).toBe('memory')
})

test('programs of equal graphs share a session, and each keeps its own state', async () => {
  const create = vi.spyOn(InferenceSession, 'create')
  const count = (total: Tensor, x: Tensor) => [add(total, mul(x, 5)), total] as const
  const compile = (start: number) => compileStepOrThrow(count, scalar(start) as Tensor, scalar(0) as Tensor, { fuse: 'off' })
  const [one, other] = await Promise.all([compile(1), compile(2)])
  expect(create).toHaveBeenCalledTimes(1)
  await Promise.all([one.runOrThrow(scalar(1)), other.runOrThrow(scalar(2))])
  expect([toNumber(await one.stateOrThrow()), toNumber(await other.stateOrThrow())]).toEqual([6, 12])
  await one.dispose()
  await one.dispose()
  await other.runOrThrow(scalar(1))
  expect(toNumber(await other.stateOrThrow())).toBe(17)
  await other.dispose()
  await using again = await compile(3)
  expect(create).toHaveBeenCalledTimes(2)
  await again.runOrThrow(scalar(1))
  expect(toNumber(await again.stateOrThrow())).toBe(8)
})

test('a session that could not be built is not shared', async () => {
  const build = () => compileOrThrow((x: Tensor) => mul(x, 7), [ones([2])])
  vi.spyOn(InferenceSession, 'create').mockRejectedValueOnce(new Error('no memory'))
  const [failed, failedToo] = await Promise.allSettled([build(), build()])
  expect([failed.status, failedToo.status]).toEqual(['rejected', 'rejected'])
  await using program = await build()
  expect(toArray(await program.runOrThrow(ones([2])))).toEqual([7, 7])
})

test('what a caller does to the model does not reach the next program', async () => {
  const build = () => compileOrThrow((x: Tensor) => mul(x, 11), [ones([2])])
  await using first = await build()
  first.model.fill(0)
  await first.dispose()
  await using second = await build()
  expect(second.origin).toBe('memory')
  expect(toArray(await second.runOrThrow(ones([2])))).toEqual([11, 11])
})
