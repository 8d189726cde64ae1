import { expect, test } from 'vitest'
import { checkpoint, valueAndGrad } from '@grad-ts/autodiff'
import { compileOrThrow, compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { CompileStepOptions, Profile } from '@grad-ts/onnxruntime'
import { adam, applyUpdates } from '@grad-ts/optim'
import * as t from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'

type Apply = (x: Tensor, w: Tensor, i: number) => Tensor

const random = (seed: number, shape: readonly number[]): Constant => t.evaluate(t.mul(t.normal(t.key(seed), shape), 0.3)) as Constant

const dense: Apply = (x, w, i) => t.dropout(t.key(i), t.tanh(t.matmul(x, w)), 0.1)

const attend: Apply = (x, w) => t.add(x, t.matmul(t.softmax(t.matmul(x, t.swapAxes(t.matmul(x, w), -1, -2))), x))

const solver = adam({ learningRate: 1e-2 })

interface State extends Readonly<Record<string, Tree<Tensor>>> {
  readonly params: readonly Tensor[]
  readonly solver: Tree<Tensor>
}

/** A deep model with its Adam step. */
const deep = (apply: Apply, x: Constant) => {
  const loss = (params: readonly Tensor[], given: Tensor): Tensor => t.mean(t.square(params.reduce((y, w, i) => apply(y, w, i), given)))
  const params = Array.from({ length: 12 }, (_, i) => random(i, [16, 16]))
  return {
    state: { params, solver: map((leaf: Tensor): Tensor => t.evaluate(leaf), solver.init(params) as Tree<Tensor>) },
    batch: x,
    step: (state: State, given: Tensor): readonly [State, Tensor] => {
      const [value, gradients] = valueAndGrad(loss)(state.params, given)
      const [updates, next] = solver.update(gradients, state.solver as never, { params: state.params })
      return [{ params: applyUpdates(state.params, updates) as readonly Tensor[], solver: next as Tree<Tensor> }, value]
    },
  }
}

// A step of unknown trees: the types of its parts would be computed without end.
type Compile = (
  step: unknown,
  state: Tree<Tensor>,
  batch: Tree<Tensor>,
  options?: CompileStepOptions,
) => Promise<
  AsyncDisposable & {
    readonly runOrThrow: (batch: Tree<Tensor>) => Promise<Tree<Constant>>
    readonly stateOrThrow: () => Promise<Tree<Constant>>
    readonly explain: () => string
    readonly profileOrThrow: () => Promise<Profile>
  }
>
const compile = compileStepOrThrow as unknown as Compile

const models = {
  'a small classifier': { state: initialState(), batch: batchOf(1), step },
  'a deep perceptron with dropout': deep(dense, random(100, [64, 16])),
  'blocks of attention': deep(attend, random(100, [4, 16, 16])),
}

const forms: Readonly<Record<string, CompileStepOptions>> = {
  'single steps': {},
  'one session': { fuse: 'off' },
  'a loop': { stepsPerRun: 3 },
}

const stacked = (batch: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor): Tensor => t.evaluate(t.stack([leaf, leaf, leaf])), batch)

const leastOf = async ({ step: one, state, batch }: (typeof models)[keyof typeof models], options: CompileStepOptions): Promise<number> => {
  const error = await compile(one, state, batch, { ...options, memoryBudget: 1 }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ tag: 'MemoryBudgetError', budget: 1 })
  return (error as { readonly least: number }).least
}

test.each(
  Object.entries(models).flatMap(([name, model]) => Object.entries(forms).map(([form, options]) => [name, form, model, options] as const)),
)('%s, %s: a budget keeps the numbers', async (_, form, model, options) => {
  const batch = form === 'a loop' ? stacked(model.batch) : model.batch
  await using plain = await compile(model.step, model.state, model.batch, { ...options, threads: 1 })
  const expected = await plain.runOrThrow(batch)
  for (const memoryBudget of ['auto' as const, await leastOf(model, options)]) {
    await using fitted = await compile(model.step, model.state, model.batch, { ...options, threads: 1, memoryBudget })
    expectAgreement(await fitted.runOrThrow(batch), expected, 1e-6)
    expectAgreement(await fitted.stateOrThrow(), await plain.stateOrThrow(), 1e-6)
  }
})

test('the runtime does not merge what is computed again with the first computation', async () => {
  const model = models['a deep perceptron with dropout']
  await using plain = await compile(model.step, model.state, model.batch)
  await using fitted = await compile(model.step, model.state, model.batch, { memoryBudget: 'auto' })
  const again = fitted
    .explain()
    .split('\n')
    .filter((line) => line.includes('tanh(') && line.endsWith('twice')).length
  expect(again).toBeGreaterThan(3)
  const tangents = async (program: typeof plain): Promise<number> =>
    (await program.profileOrThrow()).ops.filter(({ op }) => op === 'Tanh').length
  expect(await tangents(fitted)).toBe((await tangents(plain)) + again)
})

test('explain tells the memory, and what is computed twice', async () => {
  const model = models['a deep perceptron with dropout']
  await using plain = await compile(model.step, model.state, model.batch)
  expect(plain.explain().split('\n').at(-1)).toMatch(/^at most [\d.]+ MiB alive at once, beside inputs$/)
  await using fitted = await compile(model.step, model.state, model.batch, { memoryBudget: 60_000 })
  expect(fitted.explain().split('\n').at(-1)).toMatch(
    /^at most 0\.0[\d]+ MiB of 0\.0572 MiB alive at once, beside inputs, \d+ results computed again for 1\.\d\d times the work$/,
  )
  expect(fitted.explain()).toMatch(/tanh\(.*twice\n/)
})

test('a budget that cannot be met is an error that names the least; so is one that is none', async () => {
  const model = models['a deep perceptron with dropout']
  const least = await leastOf(model, {})
  await expect(compile(model.step, model.state, model.batch, { memoryBudget: least - 1 })).rejects.toThrow(
    `memoryBudget: expected at least ${least} bytes, the least that this graph can do with, got ${least - 1}; raise it, or use smaller batches`,
  )
  for (const wrong of [0, -1, Number.NaN, 'much' as never])
    await expect(compile(model.step, model.state, model.batch, { memoryBudget: wrong })).rejects.toMatchObject({ tag: 'ArgumentError' })
})

test('a function fits into a budget as a step does', async () => {
  const { state, batch } = models['blocks of attention']
  const loss = (params: readonly Tensor[], x: Tensor): Tensor => t.mean(params.reduce((y, w, i) => attend(y, w, i), x))
  const gradient = (params: readonly Tensor[], x: Tensor) => valueAndGrad(loss)(params, x)
  const args = [state.params, batch] as const
  await using plain = await compileOrThrow(gradient, args, { threads: 1 })
  await using fitted = await compileOrThrow(gradient, args, { threads: 1, memoryBudget: 'auto' })
  expectAgreement(await fitted.runOrThrow(...args), await plain.runOrThrow(...args), 1e-6)
  expect(fitted.explain()).toContain('results computed again')
})

test('checkpoints have their effect in a compiled step without a budget too', async () => {
  const inBlocks = (block: (x: Tensor, w: readonly Tensor[]) => Tensor) => (params: readonly Tensor[], x: Tensor) => {
    const parts = [0, 4, 8].map((i) => params.slice(i, i + 4))
    return t.mean(t.square(parts.reduce((y, w) => block(y, w), x)))
  }
  const block = (x: Tensor, w: readonly Tensor[]): Tensor => w.reduce<Tensor>((y, kernel, i) => dense(y, kernel, i), x)
  const { state, batch } = models['a deep perceptron with dropout']
  const peak = async (apply: typeof block): Promise<number> => {
    const gradient = (params: readonly Tensor[], x: Tensor) => valueAndGrad(inBlocks(apply))(params, x)
    await using program = await compileOrThrow(gradient, [state.params, batch], { threads: 1 })
    return Number(/at most ([\d.]+) MiB/.exec(program.explain())?.[1])
  }
  expect(await peak(checkpoint(block))).toBeLessThan((await peak(block)) * 0.8)
})
