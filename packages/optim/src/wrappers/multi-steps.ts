import { add, and, asTensor, cast, div, equal, greater, greaterEqual, less, mul, not, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define, floatDType } from '../define.ts'
import { choice, transformation, value } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { allFinite } from '../numerics/finite.ts'
import { squaredNorm } from '../numerics/norms.ts'
import { select, zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation, UpdateContext } from '../transformation.ts'

/** Micro-steps of this round, updates made, weight and average (or sum) gathered so far, and the inner state. */
export type MultiStepsState<Inner extends Tree<Tensor> = Tree<Tensor>> = {
  readonly miniStep: Tensor
  readonly gradientStep: Tensor
  readonly weight: Tensor
  readonly gathered: Tree<Tensor>
  readonly inner: Inner
}

/** Which micro-batches do not count: those with NaN or infinities, or those whose squared joint norm is not below a number. */
export type SkipMicroStep = { readonly policy: 'notFinite' } | { readonly policy: 'large'; readonly maxSquaredNorm: number }

/** Options of gradient accumulation. */
export interface MultiStepsOptions {
  /** Micro-batches per update: a whole number ≥ 1, or a function of the number of updates made (int32 `[]` to int32 `[]`). */
  readonly every: number | ((gradientStep: Tensor) => Tensor)
  /** mean weighs by `context.weight` (default 1 each); default mean. */
  readonly reduce?: 'mean' | 'sum'
  /** Leave out some micro-batches; default none. */
  readonly skip?: SkipMicroStep | null
}

const isEvery = (candidate: unknown): boolean =>
  typeof candidate === 'function' || (Number.isInteger(candidate) && (candidate as number) >= 1)

const isSkip = (candidate: unknown): boolean => {
  const { policy, maxSquaredNorm } = (candidate ?? {}) as Partial<Record<string, unknown>>
  return policy === 'notFinite' || (policy === 'large' && typeof maxSquaredNorm === 'number')
}

const skips = (skip: SkipMicroStep | null, updates: Tree<Tensor>): Tensor => {
  if (skip === null) return asTensor(false)
  if (skip.policy === 'notFinite') return not(allFinite(updates))
  const norm = squaredNorm(updates)
  return not(less(norm, skip.maxSquaredNorm))
}

/** acc + (g − acc)·w/W: the weighted mean so far, W the weight with this one. */
const gather = (reduce: 'mean' | 'sum', state: MultiStepsState, updates: Tree<Tensor>, weight: Tensor): Tree<Tensor> =>
  map(
    (g: Tensor, gathered: Tensor) => {
      if (reduce === 'sum') return add(gathered, g)
      const part = cast(div(weight, add(state.weight, weight)), g.dtype)
      return add(gathered, mul(sub(g, gathered), part))
    },
    updates,
    state.gathered,
  )

const weightOf = (context: UpdateContext, dtype: 'float32' | 'float64'): Tensor =>
  context.weight === undefined ? asTensor(1, dtype) : cast(context.weight, dtype)

export const multiStepsOf = define<MultiStepsOptions & { readonly inner: GradientTransformation }, MultiStepsState>(
  'multiSteps',
  {
    inner: transformation(),
    every: value('a whole number ≥ 1 or a function of the update count', isEvery),
    reduce: choice(['mean', 'sum'], 'mean'),
    skip: value('a skip policy', isSkip, null),
  },
  (options) => {
    const { inner, reduce, skip } = options
    const every = (options as unknown as MultiStepsOptions).every
    const period = (step: Tensor): Tensor => (typeof every === 'number' ? asTensor(every, 'int32') : cast(every(step), 'int32'))
    return {
      init: (params) => ({
        miniStep: counter(),
        gradientStep: counter(),
        weight: asTensor(0, floatDType(params)),
        gathered: zerosLikeTree(params),
        inner: inner.init(params),
      }),
      update: (updates, state, context = {}) => {
        const skipped = skips(skip, updates)
        const weight = weightOf(context, floatDType(updates))
        const gathered = gather(reduce, state, updates, weight)
        const last = and(not(skipped), greaterEqual(add(state.miniStep, 1), period(state.gradientStep)))
        const [next, after] = inner.update(gathered, state.inner, context)
        const open = (fresh: Tensor, old: Tensor): Tensor => where(last, asTensor(0, fresh.dtype), where(skipped, old, fresh))
        return [
          select(last, next, zerosLikeTree(next)),
          {
            miniStep: open(add(state.miniStep, 1), state.miniStep),
            gradientStep: where(last, increment(state.gradientStep), state.gradientStep),
            weight: open(add(state.weight, weight), state.weight),
            gathered: map(open, gathered, state.gathered),
            inner: select(last, after, state.inner),
          },
        ]
      },
    }
  },
)

/**
 * Accumulates the gradients of several micro-batches and updates with their mean (or sum); in between the updates are zero and the
 * inner state stays, so schedules and bias corrections count real updates.
 *
 * With `context.weight`, such as the number of examples or tokens of a micro-batch, the mean is exact for unequal micro-batches too.
 *
 * @param inner the optimizer
 * @example
 * import { multiSteps, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = multiSteps(sgd({ learningRate: 1 }), { every: 2 })
 * const [, state] = solver.update(tensor([4]), solver.init(tensor([0])), { weight: tensor(3) })
 * toArray(solver.update(tensor([8]), state, { weight: tensor(1) })[0] as Tensor) // => [-5]
 */
export const multiSteps = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: MultiStepsOptions,
): GradientTransformation<MultiStepsState<State>> =>
  multiStepsOf({ inner, ...options }) as unknown as GradientTransformation<MultiStepsState<State>>

/** Tells whether the last call of a `multiSteps` made an update, bool `[]`. */
export const hasUpdated = (state: MultiStepsState): Tensor => and(equal(state.miniStep, 0), greater(state.gradientStep, 0))
