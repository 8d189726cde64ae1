import { isLeft } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import {
  ArgumentError,
  compile,
  compileOrThrow,
  compileStep,
  compileStepOrThrow,
  DisposedError,
  ExecutionError,
  UnknownDeviceError,
} from '@grad-ts/onnxruntime'
import {
  add,
  broadcastTo,
  cast,
  div,
  gather,
  matmul,
  mul,
  ones,
  reshape,
  scalar,
  ShapeError,
  sum,
  tanh,
  tensor,
  toNumber,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { SessionError } from '../src/errors.ts'
import { createSession } from '../src/session.ts'

const double = (x: Tensor): Tensor => add(x, x)
const count = (total: Tensor, x: Tensor) => [add(total, x), total] as const

const messageOf = async (run: () => Promise<unknown>): Promise<string> =>
  run().then(
    () => 'nothing was thrown',
    (error: unknown) => String(error),
  )

test('an unknown device is named with the known ones', async () => {
  const result = await compile(double, [ones([2])], { device: 'tpu' as 'cpu' })()
  expect(isLeft(result) && result.left).toBeInstanceOf(UnknownDeviceError)
  expect(isLeft(result) && result.left.message).toMatchInlineSnapshot(
    `"unknown device 'tpu': expected one of 'cpu', 'cuda', 'webgpu', 'auto'"`,
  )
})

test('a wrong shape inside the function is the error of the op', async () => {
  const result = await compile((x: Tensor) => matmul(x, ones([3, 3])), [ones([2, 2])])()
  expect(isLeft(result) && result.left).toBeInstanceOf(ShapeError)
})

test('a bug of the caller is no compile error: it rejects', async () => {
  const broken = (): Tensor => {
    throw new TypeError('not a tensor')
  }
  await expect(compile(broken, [])()).rejects.toThrow(TypeError)
})

test('wrong arguments are named by their path', async () => {
  await using program = await compileOrThrow((tree: { a: Tensor }) => double(tree.a), [{ a: ones([2]) }])
  expect(await messageOf(() => program.runOrThrow({ a: ones([3]) }))).toMatchInlineSnapshot(
    `"ArgumentError: the arguments at '0.a': expected float32[2], got float32[3]; compile a program for these shapes, or pad the data to them"`,
  )
  expect(await messageOf(() => program.runOrThrow({ b: ones([2]) } as never))).toMatchInlineSnapshot(
    `"ArgumentError: the arguments at '0.a': expected a tensor, got nothing; compile a program for these shapes, or pad the data to them"`,
  )
  expect(await messageOf(() => program.runOrThrow({ a: ones([2], 'int32') }))).toMatchInlineSnapshot(
    `"ArgumentError: the arguments at '0.a': expected float32[2], got int32[2]; compile a program for these shapes, or pad the data to them"`,
  )
})

test('a program that was disposed says so, and can be disposed again', async () => {
  const program = await compileOrThrow(double, [ones([2])])
  await program.dispose()
  await program.dispose()
  const result = await program.run(ones([2]))()
  expect(isLeft(result) && result.left).toBeInstanceOf(DisposedError)
})

test('an index out of range is an execution error, after which the state is what it was', async () => {
  const pick = (state: Tensor, i: Tensor) => [add(state, gather(tensor([1, 2, 3]), cast(i, 'int32'))), state] as const
  await using program = await compileStepOrThrow(pick, scalar(0), scalar(0))
  await program.runOrThrow(scalar(1))
  const result = await program.run(scalar(7))()
  expect(isLeft(result) && result.left).toBeInstanceOf(ExecutionError)
  expect(toNumber(await program.stateOrThrow())).toBe(2)
  await program.runOrThrow(scalar(2))
  expect(toNumber(await program.stateOrThrow())).toBe(5)
})

test('a step must give the state that it takes', async () => {
  const grow = (state: Tensor, x: Tensor) => [add(ones([3]), state), x] as const
  const result = await compileStep(grow, scalar(0) as Tensor, scalar(0))()
  expect(isLeft(result) && result.left).toBeInstanceOf(ArgumentError)
  expect(isLeft(result) && result.left.message).toMatchInlineSnapshot(
    `"the state that the step returns: expected float32[], got float32[3]; compile a program for these shapes, or pad the data to them"`,
  )
})

test('the number of steps must be a whole number', async () => {
  const result = await compileStep(count, scalar(0) as Tensor, scalar(0) as Tensor, { stepsPerRun: 0.5 })()
  expect(isLeft(result) && result.left).toBeInstanceOf(ArgumentError)
})

test('running out of memory is an execution error, after which the state is what it was and the program runs on', async () => {
  const terabytes = (state: Tensor, x: Tensor) => {
    const size = 2 ** 20
    const row = mul(broadcastTo(reshape(x, [1, 1]), [size, 1]), broadcastTo(reshape(state, [1, 1]), [1, size]))
    return [add(state, 1), sum(tanh(row))] as const
  }
  await using program = await compileStepOrThrow(terabytes, scalar(0), scalar(0))
  const result = await program.run(scalar(1))()
  expect(isLeft(result) && result.left).toBeInstanceOf(ExecutionError)
  expect(toNumber(await program.stateOrThrow())).toBe(0)
})

test('a model that the runtime refuses is a session error', async () => {
  await expect(createSession(Uint8Array.of(1, 2, 3), { device: 'cpu' })).rejects.toBeInstanceOf(SessionError)
})

test('numbers that are not finite inside a loop come out as they are, and the program runs on', async () => {
  const divide = (state: Tensor, x: Tensor) => [div(state, x), state] as const
  await using program = await compileStepOrThrow(divide, scalar(0), scalar(1), { stepsPerRun: 3, fuse: 'off' })
  await program.runOrThrow(tensor([1, 0, 1]))
  expect(toNumber(await program.stateOrThrow())).toBeNaN()
  await program.setStateOrThrow(scalar(4))
  await program.runOrThrow(tensor([1, 2, 1]))
  expect(toNumber(await program.stateOrThrow())).toBe(2)
})
