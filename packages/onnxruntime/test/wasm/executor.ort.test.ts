import { describe, expect, test } from 'vitest'
import { valueAndGrad } from '@grad-ts/autodiff'
import { adam, adamw, applyUpdates, chain, clipByGlobalNorm, cosineDecay, rmsprop, sgd } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import * as T from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { planSplit } from '../../src/wasm/plan.ts'
import { splitStep } from '../../src/wasm/split.ts'
import { expectAgreement } from '../agreement.ts'
import { graphOf } from './run-split.ts'

type State = { readonly params: Tree<Tensor>; readonly optimizer: Tree<Tensor> }
type Batch = { readonly x: Tensor; readonly y: Tensor }

const draw = (seed: number, shape: readonly number[], scale = 1): Constant =>
  T.evaluate(T.mul(T.normal(T.key(seed), shape), scale)) as Constant

// 7·9 and 9 elements: no tensor fills whole vectors.
const params = () => ({ w1: draw(1, [7, 9], 0.4), b1: T.evaluate(T.zeros([9])), w2: draw(2, [9, 3], 0.4) })
type Params = ReturnType<typeof params>

const loss = (p: Params, { x, y }: Batch): Tensor => {
  const hidden = T.relu(T.add(T.matmul(x, p.w1), p.b1))
  return T.mean(T.square(T.sub(T.matmul(hidden, p.w2), y)))
}

const stepWith =
  (solver: GradientTransformation) =>
  ({ params: p, optimizer }: State, batch: Batch): readonly [State, { readonly loss: Tensor }] => {
    const [value, gradients] = valueAndGrad(loss)(p as Params, batch)
    const [updates, next] = solver.update(gradients, optimizer as never, { params: p })
    return [{ params: applyUpdates(p, updates), optimizer: next as Tree<Tensor> }, { loss: value }]
  }

const initial = (solver: GradientTransformation): State => ({
  params: params(),
  optimizer: map((leaf: Tensor): Tensor => T.evaluate(leaf), solver.init(params()) as Tree<Tensor>),
})

const batches = Array.from({ length: 6 }, (_, i): Batch => ({ x: draw(100 + i, [8, 7]), y: draw(200 + i, [8, 3]) }))
const [first] = batches as [Batch]

const solvers: Readonly<Record<string, GradientTransformation>> = {
  sgd: sgd({ learningRate: 0.05 }),
  momentum: sgd({ learningRate: 0.05, momentum: 0.9 }),
  nesterov: sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop({ learningRate: 0.01 }),
  'rmsprop, centered, with momentum': rmsprop({ learningRate: 0.01, centered: true, momentum: 0.5 }),
  adam: adam({ learningRate: 0.01 }),
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  'adamw with clipping and a schedule': chain(
    clipByGlobalNorm(0.5),
    adamw({ learningRate: cosineDecay({ initValue: 0.02, transitionSteps: 10 }) }),
  ) as GradientTransformation,
}

describe.each(Object.entries(solvers))('%s', (_, solver) => {
  const step = stepWith(solver)

  test('keeps every float32 leaf of more than one element in kernels', () => {
    const { updates } = splitStep(graphOf(step as never, initial(solver), first))
    const wanted = leaves<Tensor>(initial(solver)).flatMap(({ shape, dtype }, i) => (dtype === 'float32' && shape.length > 0 ? [i] : []))
    expect(updates.flatMap(({ results }) => results).sort((a, b) => a - b)).toEqual(wanted)
  })

  test('trains as in one session, and as in the interpreter', async () => {
    await using fused = await compileStepOrThrow(step, initial(solver), first, { threads: 1 })
    await using whole = await compileStepOrThrow(step, initial(solver), first, { threads: 1, fuse: 'off' })
    const interpreted = T.interpret(step)
    let state = initial(solver)
    for (const batch of batches) {
      const outputs = await fused.runOrThrow(batch)
      expectAgreement(outputs as Tree<Constant>, (await whole.runOrThrow(batch)) as Tree<Constant>, 1e-6)
      state = interpreted(state, batch)[0] as unknown as State
    }
    expectAgreement((await fused.stateOrThrow()) as Tree<Constant>, (await whole.stateOrThrow()) as Tree<Constant>, 1e-6)
    expectAgreement((await fused.stateOrThrow()) as Tree<Constant>, state as unknown as Tree<Constant>, 1e-5)
  })
})

/** The largest difference of two states; an expectation for each of many elements would take seconds. */
const difference = (left: Tree<Tensor>, right: Tree<Tensor>): number => {
  const others = leaves<Constant>(right as Tree<Constant>)
  const of = (a: Constant, b: Constant): number =>
    Array.from(a.attributes.data).reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.attributes.data[i] as number))), 0)
  return Math.max(...leaves<Constant>(left as Tree<Constant>).map((leaf, i) => of(leaf, others[i] as Constant)))
}

// Long enough for kernels to pay in a run of several steps.
const wave = (fn: (i: number) => number): Constant => T.tensor(Float32Array.from({ length: 100_000 }, (_, i) => fn(i)))
const wide = { a: wave(Math.sin), b: wave(Math.cos) }
const rows = (indices: readonly number[]): Constant => T.tensor(Int32Array.from(indices), { shape: [indices.length, 1] })
const wideStep = ({ a, b }: { readonly a: Tensor; readonly b: Tensor }, index: Tensor) => {
  const picked = T.gather(a, index)
  return [{ a: T.add(T.mul(a, 0.5), T.mul(b, 0.25)), b: T.add(b, T.mul(T.sub(a, b), 0.125)) }, picked] as const
}

test('several steps in one run are the single steps', async () => {
  expect(planSplit(graphOf(wideStep as never, wide, rows([1])), { fuse: 'auto', device: 'cpu', stepsPerRun: 3 })).toBeDefined()
  const one = T.tensor(Int32Array.of(7))
  await using single = await compileStepOrThrow(wideStep, wide, one, { fuse: 'off' })
  await using several = await compileStepOrThrow(wideStep, wide, one, { stepsPerRun: 3 })
  const outputs: number[] = []
  for (const index of [7, 8, 9]) outputs.push(...(await single.runOrThrow(T.tensor(Int32Array.of(index)))).attributes.data)
  expect(Array.from((await several.runOrThrow(rows([7, 8, 9]))).attributes.data)).toEqual(outputs)
  expect(difference(await several.stateOrThrow(), await single.stateOrThrow())).toBeLessThan(1e-6)
})

test('a run that fails leaves the state as it was, also after some of its steps', async () => {
  await using program = await compileStepOrThrow(wideStep, wide, T.tensor(Int32Array.of(7)), { stepsPerRun: 3 })
  await program.runOrThrow(rows([1, 2, 3]))
  const before = await program.stateOrThrow()
  await expect(program.runOrThrow(rows([1, 2, 100_000]))).rejects.toMatchObject({ tag: 'ExecutionError' })
  expect(difference(await program.stateOrThrow(), before)).toBe(0)
})

test('a state that was read or given is not the one that goes on', async () => {
  const solver = adam({ learningRate: 0.01 })
  const given = initial(solver)
  const copy = initial(solver)
  await using program = await compileStepOrThrow(stepWith(solver), given, first)
  await program.runOrThrow(first)
  const read = await program.stateOrThrow()
  await program.setStateOrThrow(read as never)
  await program.runOrThrow(first)
  expectAgreement(given as Tree<Constant>, copy as Tree<Constant>, 0)
  const later = await program.stateOrThrow()
  expect(T.toArray((later.params as Params).w1)).not.toEqual(T.toArray((read.params as Params).w1))
  await program.setStateOrThrow(copy as never)
  await program.runOrThrow(first)
  expectAgreement((await program.stateOrThrow()) as Tree<Constant>, read as Tree<Constant>, 0)
})

test.each(['auto', 'off'] as const)('runs that are not awaited follow one another (fuse: %s)', async (fuse) => {
  // The batch is the gradient, which kernels read where it was copied to.
  const step = ({ w, n }: { readonly w: Tensor; readonly n: Tensor }, g: Tensor) =>
    [{ w: T.sub(T.mul(w, 0.5), g), n: T.add(n, 1) }, T.sum(g)] as const
  const state = { w: draw(5, [9]), n: T.scalar(0, 'int32') }
  const gradients = [draw(6, [9]), draw(7, [9]), draw(8, [9])]
  await using one = await compileStepOrThrow(step, state, gradients[0] as Tensor, { fuse })
  await using other = await compileStepOrThrow(step, state, gradients[0] as Tensor, { fuse })
  for (const g of gradients) await one.runOrThrow(g)
  const runs = gradients.map((g) => other.runOrThrow(g))
  expectAgreement((await other.stateOrThrow()) as Tree<Constant>, (await one.stateOrThrow()) as Tree<Constant>, 0)
  const sums = await Promise.all(runs)
  sums.forEach((sum, i) => expect(T.toNumber(sum as Constant)).toBeCloseTo(T.toNumber(T.sum(gradients[i] as Tensor)), 5))
})

test('gradients that the kernels have read take no memory any more', async () => {
  const step = (w: Tensor, x: Tensor) => [T.sub(w, T.mul(T.matmul(x, x, { transposeA: true }), 0.1)), T.sum(x)] as const
  const x = draw(9, [2, 512])
  await using program = await compileStepOrThrow(step, T.evaluate(T.zeros([512, 512])) as Tensor, x)
  await program.runOrThrow(x)
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 5; i++) await program.runOrThrow(x)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(512 * 512 * 4)
})
