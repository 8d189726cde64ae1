import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { InferenceSession } from 'onnxruntime-node'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  ArgumentError,
  compileStep,
  compileStepOrThrow,
  DisposedError,
  ExecutionError,
  NonFiniteRunError,
  probeDevice,
  SessionError,
  WorkerError,
} from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import { add, broadcastTo, div, mul, ones, reshape, scalar, sum, tanh, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { keeping } from '../src/step/keeping.ts'

afterEach(() => vi.restoreAllMocks())

const count = (total: Tensor, x: Tensor) => [add(total, x), total] as const

/** A counter in a worker, and the thread that holds it. */
const counterInWorker = async (options: CompileStepOptions = {}) => {
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const program = await compileStepOrThrow(count, scalar(0) as Tensor, scalar(0) as Tensor, { worker: true, threads: 1, ...options })
  return { program, worker: post.mock.contexts.at(-1) as Worker }
}

const deaths: readonly (readonly [string, (worker: Worker) => Promise<unknown>])[] = [
  ['is terminated', (worker) => worker.terminate()],
  [
    'throws',
    (worker) => {
      const ended = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage(null)
      return ended
    },
  ],
]

describe.each(deaths)('a worker that %s', (_, kill) => {
  test('leaves the state of the last run that kept it, with its step', async () => {
    const { program, worker } = await counterInWorker({ keepState: 2 })
    for (let i = 1; i <= 5; i++) await program.runOrThrow(scalar(i))
    await kill(worker)
    const result = await program.run(scalar(1))()
    expect(isLeft(result) && result.left).toBeInstanceOf(WorkerError)
    const state = await program.state()()
    expect(isLeft(state) && state.left).toBeInstanceOf(WorkerError)
    const { steps, state: kept } = await program.snapshotOrThrow()
    expect([steps, toNumber(kept)]).toEqual([4, 10])
    await program.dispose()
    const { program: next } = await counterInWorker()
    await next.setStateOrThrow(kept)
    await next.runOrThrow(scalar(5))
    expect(toNumber(await next.stateOrThrow())).toBe(15)
    await next.dispose()
  })
})

test('a run that is under way when the worker dies ends, and the state before it is there', async () => {
  const { program, worker } = await counterInWorker({ keepState: 1 })
  await program.runOrThrow(scalar(3))
  const running = program.run(scalar(4))()
  await worker.terminate()
  const result = await running
  expect(isLeft(result) && result.left).toBeInstanceOf(WorkerError)
  const { steps, state } = await program.snapshotOrThrow()
  expect([steps, toNumber(state)]).toEqual([1, 3])
  await program.dispose()
})

test('without being asked a program keeps the states that pass by: the first, what was read and what was set', async () => {
  const { program, worker } = await counterInWorker()
  await program.runOrThrow(scalar(1))
  await program.stateOrThrow()
  await program.runOrThrow(scalar(1))
  expect(await program.snapshotOrThrow().then(({ steps }) => steps)).toBe(2)
  await program.setStateOrThrow(scalar(40))
  await program.runOrThrow(scalar(1))
  await worker.terminate()
  const { steps, state } = await program.snapshotOrThrow()
  expect([steps, toNumber(state)]).toEqual([2, 40])
  await program.dispose()
  const fresh = await counterInWorker()
  await fresh.worker.terminate()
  expect(toNumber((await fresh.program.snapshotOrThrow()).state)).toBe(0)
  await fresh.program.dispose()
})

test('a program that keeps nothing says that its worker is gone', async () => {
  const { program, worker } = await counterInWorker({ keepState: false })
  await worker.terminate()
  const result = await program.snapshot()()
  expect(isLeft(result) && result.left).toBeInstanceOf(WorkerError)
  await program.dispose()
})

test('steps are counted, not runs; a packed state is kept as the step has it', async () => {
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const step = ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => [{ a: add(a, x), b: add(b, x) }, sum(a)] as const
  const program = await compileStepOrThrow(step, { a: ones([3]) as Tensor, b: mul(ones([2, 2]), 2) as Tensor }, scalar(0) as Tensor, {
    worker: true,
    stepsPerRun: 3,
    fuse: 'off',
    keepState: 1,
  })
  await program.runOrThrow(tensor([1, 2, 3]))
  await program.runOrThrow(tensor([1, 1, 1]))
  await (post.mock.contexts.at(-1) as Worker).terminate()
  const { steps, state } = await program.snapshotOrThrow()
  expect(steps).toBe(6)
  expect([toArray(state.a), toArray(state.b)]).toEqual([
    [10, 10, 10],
    [
      [11, 11],
      [11, 11],
    ],
  ])
  await program.dispose()
})

test('a thread that calls process.exit does not take the process along, nor does anything hang', async () => {
  const script = fileURLToPath(new URL('fixtures/exit-in-worker.mjs', import.meta.url))
  const hook = new URL('fixtures/exit-hook.mjs', import.meta.url).href
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', hook, script], { timeout: 30_000 })
  const { tag, message, runs, steps, state } = JSON.parse(stdout) as Readonly<Record<'tag' | 'message', string>> &
    Readonly<Record<'runs' | 'steps' | 'state', number>>
  expect(tag).toBe('WorkerError')
  expect(state).toBe(steps)
  // The thread may have ended between the last run and its copy.
  expect([0, 1]).toContain(runs - steps)
  expect(message).toContain('it ended with code 7')
})

test('a session that cannot be built in a worker says so as it does here', async () => {
  const enormous = (total: Tensor, x: Tensor) => [add(total, x), sum(broadcastTo(reshape(x, [1]), [2]))] as const
  const create = vi.spyOn(InferenceSession, 'create').mockRejectedValueOnce(new Error('no memory'))
  const result = await compileStep(enormous, scalar(0) as Tensor, scalar(0) as Tensor, { cache: false })()
  expect(create).toHaveBeenCalledTimes(1)
  expect(isLeft(result) && result.left).toBeInstanceOf(SessionError)
  // Nobody has so many threads: the runtime refuses the session in the other thread.
  const there = await compileStep(enormous, scalar(0) as Tensor, scalar(0) as Tensor, { worker: true, threads: -3 })()
  expect(isLeft(there) && there.left).toMatchObject({ tag: 'SessionError', device: 'cpu' })
  const { program } = await counterInWorker()
  expect(toNumber(await program.stateOrThrow())).toBe(0)
  await program.dispose()
})

test('running out of memory in a worker is an execution error, after which the state can be read', async () => {
  const terabytes = (state: Tensor, x: Tensor) => {
    const size = 2 ** 20
    const row = mul(broadcastTo(reshape(x, [1, 1]), [size, 1]), broadcastTo(reshape(state, [1, 1]), [1, size]))
    return [add(state, 1), sum(tanh(row))] as const
  }
  await using program = await compileStepOrThrow(terabytes, scalar(5) as Tensor, scalar(0) as Tensor, { worker: true })
  const result = await program.run(scalar(1))()
  expect(isLeft(result) && result.left).toBeInstanceOf(ExecutionError)
  expect(toNumber(await program.stateOrThrow())).toBe(5)
})

const divide = (state: { w: Tensor }, x: Tensor) => [{ w: div(state.w, x) }, sum(x)] as const

const guarded: readonly (readonly [string, CompileStepOptions])[] = [
  ['a loop', { stepsPerRun: 3, fuse: 'off' }],
  ['a loop in a worker', { stepsPerRun: 3, fuse: 'off', worker: true }],
  ['kernels', { stepsPerRun: 3 }],
]

test.each(guarded)('NaN inside of %s is an error when asked, and the state before the run is there', async (_, options) => {
  const initial = { w: tensor([2, 4, 8]) as Tensor }
  await using program = await compileStepOrThrow(divide, initial, scalar(1) as Tensor, { ...options, threads: 1, onNonFinite: 'fail' })
  await program.runOrThrow(tensor([2, 1, 1]))
  const infinite = await program.run(tensor([1, 0, 1]))()
  expect(isLeft(infinite) && infinite.left).toMatchObject({ tag: 'NonFiniteRunError', part: 'state', step: undefined })
  const outputs = await program.run(tensor([1, 1, NaN]))()
  expect(isLeft(outputs) && outputs.left).toMatchObject({ tag: 'NonFiniteRunError', part: 'outputs', step: 2 })
  expect(toArray((await program.stateOrThrow()).w)).toEqual([1, 2, 4])
  await program.runOrThrow(tensor([0.5, 1, 1]))
  expect(toArray((await program.stateOrThrow()).w)).toEqual([2, 4, 8])
})

test('NaN in a single step is undone, whether kernels ran or not', async () => {
  for (const fuse of ['auto', 'off'] as const) {
    await using program = await compileStepOrThrow(divide, { w: tensor([2, 4, 8]) as Tensor }, scalar(1) as Tensor, {
      fuse,
      onNonFinite: 'fail',
    })
    await program.runOrThrow(scalar(2))
    await expect(program.runOrThrow(scalar(0))).rejects.toBeInstanceOf(NonFiniteRunError)
    await expect(program.runOrThrow(scalar(NaN))).rejects.toMatchObject({ part: 'outputs', step: 0 })
    expect(toArray((await program.stateOrThrow()).w)).toEqual([1, 2, 4])
  }
})

test('a batch or state of wrong shape reaches nothing, and a disposed program says so', async () => {
  for (const worker of [false, true]) {
    const program = await compileStepOrThrow(count, scalar(1) as Tensor, scalar(0) as Tensor, { worker })
    await expect(program.runOrThrow(ones([2]))).rejects.toBeInstanceOf(ArgumentError)
    await expect(program.setStateOrThrow(ones([2]))).rejects.toBeInstanceOf(ArgumentError)
    expect(toNumber(await program.stateOrThrow())).toBe(1)
    await program.dispose()
    const calls: readonly (() => Promise<unknown>)[] = [
      () => program.runOrThrow(scalar(1)),
      () => program.stateOrThrow(),
      () => program.snapshotOrThrow(),
      () => program.setStateOrThrow(scalar(1)),
      () => program.profileOrThrow(),
      () => program.placementOrThrow(),
    ]
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(DisposedError)
  }
})

test('the number of runs between copies must be a whole number', async () => {
  const result = await compileStep(count, scalar(0) as Tensor, scalar(0) as Tensor, { keepState: 0 })()
  expect(isLeft(result) && result.left).toBeInstanceOf(ArgumentError)
})

test('a copy that cannot be made does not take the outputs of its run along', async () => {
  const lost = new ExecutionError('device lost')
  const executor = {
    run: async () => [scalar(7)],
    read: () => Promise.reject(lost),
    write: () => Promise.reject(lost),
    dispose: async () => undefined,
  }
  const { run, write, latest } = keeping(executor as never, 1, [scalar(3) as never])
  expect(await run([])).toEqual([scalar(7)])
  await expect(write([scalar(9) as never])).rejects.toBe(lost)
  expect(await latest()).toEqual({ runs: 0, state: [scalar(3)] })
})

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

describe.skipIf(missing !== undefined)('on webgpu', () => {
  test('a lost device is a typed error, and the last state that was kept can be read', async () => {
    await using program = await compileStepOrThrow(count, scalar(0) as Tensor, scalar(0) as Tensor, { device: 'webgpu', keepState: 2 })
    for (let i = 1; i <= 3; i++) await program.runOrThrow(scalar(i))
    const run = vi.spyOn((InferenceSession as unknown as { prototype: { run: () => Promise<never> } }).prototype, 'run')
    run.mockRejectedValue(new Error('WebGPU device lost (2): the driver was reset'))
    const result = await program.run(scalar(4))()
    expect(isLeft(result) && result.left).toBeInstanceOf(ExecutionError)
    const state = await program.state()()
    expect(isLeft(state) && state.left).toBeInstanceOf(ExecutionError)
    const snapshot = await program.snapshotOrThrow()
    expect([snapshot.steps, toNumber(snapshot.state)]).toEqual([2, 3])
  })

  test('infinities in the state are undone', async () => {
    const scale = (state: Tensor, x: Tensor) => [mul(state, x), sum(x)] as const
    await using program = await compileStepOrThrow(scale, tensor([1e30, 2]) as Tensor, scalar(1) as Tensor, {
      device: 'webgpu',
      onNonFinite: 'fail',
    })
    await expect(program.runOrThrow(scalar(1e30))).rejects.toMatchObject({ tag: 'NonFiniteRunError', part: 'state' })
    expect(toArray(await program.stateOrThrow())).toEqual([Math.fround(1e30), 2])
  })
})
