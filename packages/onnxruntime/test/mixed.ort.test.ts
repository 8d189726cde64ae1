import { describe, expect, test } from 'vitest'
import { checkpoint, grad, valueAndGrad } from '@grad-ts/autodiff'
import { optimizeGraph, toMixedPrecision } from '@grad-ts/onnx'
import { ArgumentError, compileOrThrow, compileStepOrThrow, probeMixedPrecision } from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import { applyUpdates, dynamicLossScale, lossScaleOf, sgd, staticLossScale } from '@grad-ts/optim'
import type { DynamicLossScaleState, GradientTransformation } from '@grad-ts/optim'
import { evaluate, key, matmul, mean, mul, normal, ones, relu, runGraph, scan, stack, sum, tanh, toNumber, trace } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'

test('the cpu computes in float16', async () => {
  expect(await probeMixedPrecision('cpu')).toBeUndefined()
})

test('another precision is an argument error', async () => {
  await expect(compileOrThrow((x: Tensor) => x, [ones([1])], { precision: 'half' as 'mixed' })).rejects.toThrow(ArgumentError)
})

/** The states and losses of a few steps in the interpreter, on the graph that mixed precision makes. */
const interpreted = (count: number) => {
  const graph = toMixedPrecision(optimizeGraph(trace(step, [initialState(), batchOf(0)])))
  let state = initialState()
  const losses = Array.from({ length: count }, (_, i) => {
    const [next, { loss }] = runGraph(graph as unknown as Graph, [state, batchOf(i)] as never) as unknown as [
      typeof state,
      { loss: Constant },
    ]
    state = next
    return loss
  })
  return { state, losses }
}

const forms: readonly (readonly [string, CompileStepOptions])[] = [
  ['with kernels', {}],
  ['in one session', { fuse: 'off' }],
  ['in a loop', { stepsPerRun: 3 }],
  ['in a worker', { worker: true }],
]

describe.each(forms)('a step in mixed precision, %s', (_, options) => {
  test('gives the numbers of the interpreter, and keeps its state in float32', async () => {
    await using program = await compileStepOrThrow(step, initialState(), batchOf(0), { precision: 'mixed', threads: 1, ...options })
    const expected = interpreted(6)
    const losses: number[] = []
    const size = options.stepsPerRun ?? 1
    for (let at = 0; at < 6; at += size) {
      const some = Array.from({ length: size }, (__, i) => batchOf(at + i))
      const stacked = { x: evaluate(stack(some.map(({ x }) => x))), y: evaluate(stack(some.map(({ y }) => y))) }
      const { loss } = await program.runOrThrow(options.stepsPerRun === undefined ? batchOf(at) : stacked)
      losses.push(...loss.attributes.data)
    }
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(toNumber(expected.losses[i] as Constant), 3))
    const state = await program.stateOrThrow()
    expectAgreement(state, expected.state as never, 2e-3)
    expect(leaves<Constant>(state).some(({ dtype }) => dtype === 'float16')).toBe(false)
    expect(program.explain()).toContain('float16')
  })
})

test('products in a scan are rounded as in the interpreter', async () => {
  const fn = (kernel: Tensor, rows: Tensor): Tensor =>
    scan((state: Tensor, row: Tensor) => [relu(matmul(mul(state, row), kernel)), state] as const, ones([2, 4]), rows, { unroll: 1 })[1]
  const args = [evaluate(mul(ones([4, 4]), 0.123)) as Constant, evaluate(mul(ones([5, 2, 4]), 1.234)) as Constant] as const
  await using program = await compileOrThrow(fn, args, { precision: 'mixed', threads: 1 })
  const graph = toMixedPrecision(optimizeGraph(trace(fn, args)))
  expectAgreement(await program.runOrThrow(...args), runGraph(graph as unknown as Graph, args as never) as never, 1e-4)
})

test.each([
  ['checkpoints', {}],
  ['checkpoints in a memory budget', { memoryBudget: 'auto' }],
] as const)('%s leave the numbers of mixed precision as they are', async (_, options) => {
  const block = (x: Tensor, w: Tensor): Tensor => tanh(matmul(tanh(matmul(x, w)), w))
  const gradientOf =
    (apply: typeof block) =>
    (w: Tensor, x: Tensor): Tensor =>
      grad((kernel: Tensor) => mean(apply(apply(apply(x, kernel), kernel), kernel)))(w)
  const args = [evaluate(mul(normal(key(1), [16, 16]), 0.3)) as Constant, evaluate(normal(key(2), [32, 16])) as Constant] as const
  await using kept = await compileOrThrow(gradientOf(block), args, { precision: 'mixed', threads: 1 })
  await using again = await compileOrThrow(gradientOf(checkpoint(block)), args, { precision: 'mixed', threads: 1, ...options })
  expectAgreement((await again.runOrThrow(...args)) as never, (await kept.runOrThrow(...args)) as never, 1e-3)
})

interface State extends Readonly<Record<string, Tree<Tensor>>> {
  readonly w: Tensor
  readonly solver: Tree<Tensor>
}

/** Steps on the mean of x·w, times a factor that makes its gradients small or large. */
const run = async (solver: GradientTransformation, factor: number, count: number) => {
  const step = ({ w, solver: before }: State, x: Tensor): readonly [State, { scale: Tensor; w: Tensor }] => {
    const scale = lossScaleOf(before)
    const loss = (kernel: Tensor): Tensor => mul(mul(mean(relu(matmul(x, kernel))), factor), scale)
    const [, gradient] = valueAndGrad(loss)(w)
    const [updates, after] = solver.update(gradient, before, { params: w })
    const next = applyUpdates(w, updates)
    return [
      { w: next, solver: after },
      { scale: lossScaleOf(after), w: sum(next) },
    ]
  }
  const w = evaluate(mul(ones([4, 1]), 0.5)) as Tensor
  const x = evaluate(ones([8, 4])) as Tensor
  const initial: State = { w, solver: evaluate(solver.init(w)) as Tree<Constant> }
  await using program = await compileStepOrThrow(step, initial, x, { precision: 'mixed', threads: 1 })
  const seen: { readonly scale: number; readonly w: number }[] = []
  for (let i = 0; i < count; i++) {
    const outputs = await program.runOrThrow(x)
    seen.push({ scale: toNumber(outputs.scale), w: toNumber(outputs.w) })
  }
  return { seen, state: await program.stateOrThrow() }
}

const descent = (learningRate: number): GradientTransformation => sgd({ learningRate }) as GradientTransformation

test('small gradients are lost without loss scaling, and kept with it', async () => {
  const lost = await run(descent(1e6), 1e-7, 1)
  expect(lost.seen.map(({ w }) => w)).toEqual([2])
  const kept = await run(staticLossScale(descent(1e6), 2 ** 15) as GradientTransformation, 1e-7, 1)
  expect(kept.seen[0]?.w).toBeCloseTo(1.6, 3)
})

test('an overflow leaves the step out and halves the scale until gradients fit; then it grows again', async () => {
  const solver = dynamicLossScale(descent(0.25), { initialScale: 2 ** 21, growthInterval: 3 }) as GradientTransformation
  const { seen, state } = await run(solver, 0.125, 8)
  // The gradient is 0.125 times the scale, and float16 ends below 2¹⁶.
  expect(seen.map(({ scale }) => Math.log2(scale))).toEqual([20, 19, 18, 18, 18, 19, 18, 18])
  expect(seen.map(({ w }) => w)).toEqual([2, 2, 2, 1.875, 1.75, 1.625, 1.625, 1.5])
  expect(toNumber((state.solver as unknown as DynamicLossScaleState).skipped as Constant)).toBe(4)
})
