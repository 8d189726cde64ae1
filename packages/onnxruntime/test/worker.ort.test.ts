import { Worker } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import { isLeft } from 'fp-ts/lib/Either.js'
import { AbortedError, compileStepOrThrow, ExecutionError, WorkerError } from '@grad-ts/onnxruntime'
import { add, cast, evaluate, gather, matmul, normal, key, scalar, tanh, tensor, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'

const inWorker = { worker: true, threads: 1 } as const
const count = (total: Tensor, x: Tensor) => [add(total, x), total] as const

afterEach(() => vi.restoreAllMocks())

test('a program in a worker gives the numbers of one in this thread', async () => {
  await using here = await compileStepOrThrow(step, initialState(), batchOf(0), { threads: 1 })
  await using there = await compileStepOrThrow(step, initialState(), batchOf(0), inWorker)
  for (let i = 0; i < 5; i++) expectAgreement(await there.runOrThrow(batchOf(i)), await here.runOrThrow(batchOf(i)), 0)
  expectAgreement(await there.stateOrThrow(), await here.stateOrThrow(), 0)
  await there.setStateOrThrow(initialState(3))
  expectAgreement(await there.stateOrThrow(), initialState(3) as never, 0)
})

test('the arguments stay usable by the caller', async () => {
  await using program = await compileStepOrThrow(count, scalar(0) as Tensor, scalar(0) as Tensor, inWorker)
  const batch = scalar(2)
  await program.runOrThrow(batch)
  await program.runOrThrow(batch)
  expect(toNumber(await program.stateOrThrow())).toBe(4)
})

test('timers of this thread go on while the worker computes', async () => {
  const heavy = (x: Tensor) => [Array.from({ length: 12 }).reduce<Tensor>((y) => tanh(matmul(y, y)), x), scalar(0)] as const
  const x = evaluate(normal(key(0), [768, 768])) as Tensor
  await using program = await compileStepOrThrow(heavy, x, scalar(0) as Tensor, inWorker)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await program.runOrThrow(scalar(0))
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(5)
})

test('an error of the runtime crosses the threads, and the program goes on', async () => {
  const pick = (state: Tensor, i: Tensor) => [add(state, gather(tensor([1, 2, 3]), cast(i, 'int32'))), state] as const
  await using program = await compileStepOrThrow(pick, scalar(0) as Tensor, scalar(0) as Tensor, inWorker)
  const result = await program.run(scalar(9))()
  expect(isLeft(result) && result.left).toBeInstanceOf(ExecutionError)
  await program.runOrThrow(scalar(2))
  expect(toNumber(await program.stateOrThrow())).toBe(3)
})

test('a worker that dies is a typed error, and the next program gets a new one', async () => {
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const program = await compileStepOrThrow(count, scalar(0) as Tensor, scalar(0) as Tensor, inWorker)
  const worker = post.mock.contexts.at(-1) as Worker
  const running = program.run(scalar(1))()
  await worker.terminate()
  const result = await running
  expect(isLeft(result) && result.left).toBeInstanceOf(WorkerError)
  const after = await program.state()()
  expect(isLeft(after) && after.left).toBeInstanceOf(WorkerError)
  await program.dispose()
  await using next = await compileStepOrThrow(count, scalar(1) as Tensor, scalar(0) as Tensor, inWorker)
  await next.runOrThrow(scalar(1))
  expect(toNumber(await next.stateOrThrow())).toBe(2)
})

test('a run whose signal was aborted does not begin', async () => {
  await using program = await compileStepOrThrow(count, scalar(0) as Tensor, scalar(0) as Tensor, inWorker)
  const controller = new AbortController()
  controller.abort()
  const result = await program.run(scalar(5), { signal: controller.signal })()
  expect(isLeft(result) && result.left).toBeInstanceOf(AbortedError)
  expect(toNumber(await program.stateOrThrow())).toBe(0)
})
