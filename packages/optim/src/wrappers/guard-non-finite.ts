import { and, asTensor, cast, clamp, equal, greater, isFinite, isNaN, isTensor, mul, or, toNumber, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { entries, map } from '@grad-ts/tree'
import type { Path, Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { NonFiniteError } from '../errors.ts'
import { transformation, value } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { allFinite, countNonFinite } from '../numerics/finite.ts'
import { scaleTree, select, subTrees, zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/**
 * What to do when a gradient is NaN or infinite. Whatever the policy, a non-finite number never reaches the parameters.
 *
 * - `skip`: no update, the state stays; after more than `limit` such steps in a row the guard fails and stays failed.
 * - `zero`: the non-finite elements count as 0.
 * - `clip`: NaN counts as 0, infinities as ±`bound`.
 * - `rollBack`: the parameters and the inner state go back to where the last finite gradient was taken, and the
 *   following updates are multiplied by `factor` once more; after more than `limit` such steps in a row the guard fails.
 */
export type NonFinitePolicy =
  | { readonly policy: 'skip'; readonly limit: number }
  | { readonly policy: 'zero' }
  | { readonly policy: 'clip'; readonly bound: number }
  | { readonly policy: 'rollBack'; readonly limit: number; readonly factor: number }

/** What a roll back needs: the parameters and the inner state of the last finite step, and the factor of the updates. */
export type RollBackState = { readonly params: Tree<Tensor>; readonly inner: Tree<Tensor>; readonly factor: Tensor }

/** Bad steps in a row and in all, whether the guard failed (1 or 0), the bad elements of each leaf in the last bad step, and the inner state. */
export type GuardNonFiniteState<Inner extends Tree<Tensor> = Tree<Tensor>> = {
  readonly consecutive: Tensor
  readonly total: Tensor
  readonly failed: Tensor
  readonly found: Tree<Tensor>
  readonly inner: Inner
  readonly rollBack: RollBackState | null
}

interface GuardOptions {
  readonly inner: GradientTransformation
  readonly policy: NonFinitePolicy
}

const policyFields: Readonly<Record<string, (policy: Readonly<Record<string, unknown>>) => boolean>> = {
  skip: ({ limit }) => Number.isInteger(limit) && (limit as number) >= 0,
  zero: () => true,
  clip: ({ bound }) => typeof bound === 'number' && bound > 0,
  rollBack: ({ limit, factor }) =>
    Number.isInteger(limit) && (limit as number) >= 0 && typeof factor === 'number' && factor > 0 && factor <= 1,
}

const isPolicy = (candidate: unknown): boolean =>
  typeof candidate === 'object' &&
  candidate !== null &&
  !isTensor(candidate) &&
  (policyFields[(candidate as { policy?: string }).policy ?? '']?.(candidate as Record<string, unknown>) ?? false)

const repaired = (updates: Tree<Tensor>, policy: NonFinitePolicy): Tree<Tensor> =>
  map((update: Tensor) => {
    if (policy.policy !== 'clip') return where(isFinite(update), update, 0)
    return clamp(where(isNaN(update), 0, update), -policy.bound, policy.bound)
  }, updates)

/** Runs the inner rule on repaired updates; nothing is ever skipped. */
const repair = ({ inner, policy }: GuardOptions): GradientTransformation<GuardNonFiniteState> => ({
  init: (params) => initial(inner, params, null),
  update: (updates, state, context) => {
    const finite = allFinite(updates)
    const [next, after] = inner.update(repaired(updates, policy), state.inner, context)
    return [next, { ...counted(state, updates, finite, Infinity), inner: after, rollBack: null }]
  },
})

const initial = (inner: GradientTransformation, params: Tree<Tensor>, rollBack: RollBackState | null): GuardNonFiniteState => ({
  consecutive: counter(),
  total: counter(),
  failed: counter(),
  found: map(() => asTensor(0, 'float32'), params),
  inner: inner.init(params),
  rollBack,
})

const counted = (state: GuardNonFiniteState, updates: Tree<Tensor>, finite: Tensor, limit: number) => {
  const consecutive = where(finite, 0, increment(state.consecutive))
  const exceeded = limit === Infinity ? asTensor(false) : greater(consecutive, limit)
  const broken = or(exceeded, equal(state.failed, 1))
  return {
    consecutive,
    total: where(finite, state.total, increment(state.total)),
    failed: cast(broken, 'int32'),
    found: select(finite, state.found, map(countNonFinite, updates)),
  }
}

const skip = (inner: GradientTransformation, limit: number): GradientTransformation<GuardNonFiniteState> => ({
  init: (params) => initial(inner, params, null),
  update: (updates, state, context) => {
    const finite = allFinite(updates)
    const counts = counted(state, updates, finite, limit)
    const apply = and(finite, equal(counts.failed, 0))
    const [next, after] = inner.update(updates, state.inner, context)
    return [select(apply, next, zerosLikeTree(next)), { ...counts, inner: select(apply, after, state.inner), rollBack: null }]
  },
})

const rollBack = (inner: GradientTransformation, limit: number, factor: number): GradientTransformation<GuardNonFiniteState> => ({
  init: (params) => initial(inner, params, { params, inner: inner.init(params), factor: asTensor(1, 'float32') }),
  update: (updates, state, context) => {
    const params = paramsOf('guardNonFinite', context)
    const finite = allFinite(updates)
    const counts = counted(state, updates, finite, limit)
    const apply = and(finite, equal(counts.failed, 0))
    const [next, after] = inner.update(updates, state.inner, context)
    const good = state.rollBack as RollBackState
    const back = select(equal(counts.failed, 0), subTrees(good.params, params), zerosLikeTree(params))
    return [
      select(apply, scaleTree(next, good.factor), back),
      {
        ...counts,
        inner: select(apply, after, good.inner),
        rollBack: {
          params: select(apply, params, good.params),
          inner: select(apply, state.inner, good.inner),
          factor: where(finite, good.factor, mul(good.factor, factor)),
        },
      },
    ]
  },
})

export const guardNonFiniteOf = define<GuardOptions, GuardNonFiniteState>(
  'guardNonFinite',
  { inner: transformation(), policy: value('a policy: skip, zero, clip or rollBack with its numbers', isPolicy) },
  (options) => {
    const { inner, policy } = options
    switch (policy.policy) {
      case 'skip':
        return skip(inner, policy.limit)
      case 'rollBack':
        return rollBack(inner, policy.limit, policy.factor)
      case 'zero':
      case 'clip':
        return repair(options)
    }
  },
)

/**
 * Keeps NaN and infinities in the gradient from reaching the parameters, by a policy.
 *
 * @param inner the optimizer
 * @param policy skip (with a limit after which it fails), zero, clip or rollBack
 * @returns a transformation whose state `nonFiniteError` reads
 * @example
 * import { guardNonFinite, nonFiniteError, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = guardNonFinite(sgd({ learningRate: 0.5 }), { policy: 'skip', limit: 0 })
 * const params = { w: tensor([1]), b: tensor([1]) }
 * const [updates, state] = solver.update({ w: tensor([NaN]), b: tensor([1]) }, solver.init(params), { params })
 * toArray((updates as typeof params).b) // => [0]
 * nonFiniteError(state)?.path // => 'w'
 */
export const guardNonFinite = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  policy: NonFinitePolicy,
): GradientTransformation<GuardNonFiniteState<State>> =>
  guardNonFiniteOf({ inner, policy }) as unknown as GradientTransformation<GuardNonFiniteState<State>>

/** Gives the error of a failed guard, with the path of the first bad leaf, or undefined while it has not failed. */
export const nonFiniteError = (state: GuardNonFiniteState): NonFiniteError | undefined => {
  if (toNumber(state.failed) === 0) return undefined
  const bad = entries(state.found).find(([, count]) => toNumber(count) > 0)
  return new NonFiniteError((bad?.[0] ?? '') as Path, toNumber(state.consecutive))
}
