import { add, equal, mod, mul, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { ContextError } from '../errors.ts'
import { flag, hyper, transformation, wholeNumber } from '../fields.ts'
import { counter } from '../numerics/count.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { select } from '../numerics/trees.ts'
import type { GradientTransformation, Hyperparameter } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** Parameters that move fast, and the slow ones that follow: evaluate with the slow ones. */
export type LookaheadParams<Params extends Tree<Tensor> = Tree<Tensor>> = { readonly fast: Params; readonly slow: Params }

/** Steps since the last synchronisation and the state of the fast optimizer. */
export type LookaheadState<Inner extends Tree<Tensor> = Tree<Tensor>> = { readonly stepsSinceSync: Tensor; readonly inner: Inner }

/** Options of lookahead. */
export interface LookaheadOptions {
  /** Steps between synchronisations, ≥ 1. */
  readonly syncPeriod: number
  /** Part of the way that the slow parameters follow, in [0, 1]. */
  readonly slowStepSize: Hyperparameter
  /** Give the fast optimizer a new state at each synchronisation; default false. */
  readonly resetState?: boolean
}

const pairOf = (params: Tree<Tensor>): LookaheadParams => {
  const pair = params as LookaheadParams
  if (pair === null || typeof pair !== 'object' || pair.fast === undefined || pair.slow === undefined)
    throw new ContextError('lookahead', 'expected parameters { fast, slow }, as lookaheadParams(params) makes them')
  return pair
}

export const lookaheadOf = define<LookaheadOptions & { readonly inner: GradientTransformation }, LookaheadState>(
  'lookahead',
  {
    inner: transformation(),
    syncPeriod: wholeNumber(1),
    slowStepSize: hyper({ low: 0, high: 1 }),
    resetState: flag(false),
  },
  ({ inner, syncPeriod, slowStepSize, resetState }) => ({
    init: (params) => ({ stepsSinceSync: counter(), inner: inner.init(pairOf(params).fast) }),
    update: (updates, state, context = {}) => {
      const { fast, slow } = pairOf(paramsOf('lookahead', context))
      const gradient = (updates as LookaheadParams).fast ?? updates
      const [steps, after] = inner.update(gradient, state.inner, { ...context, params: fast })
      const sync = equal(state.stepsSinceSync, syncPeriod - 1)
      const ahead = map((f: Tensor, u: Tensor, s: Tensor) => sub(add(f, u), s), fast, steps, slow)
      const next = {
        fast: map((u: Tensor, d: Tensor) => sub(u, where(sync, mul(d, at(oneMinus(slowStepSize), d)), 0)), steps, ahead),
        slow: map((d: Tensor) => where(sync, mul(d, at(slowStepSize, d)), 0), ahead),
      }
      const kept = resetState ? select(sync, inner.init(fast), after) : after
      return [next, { stepsSinceSync: mod(add(state.stepsSinceSync, 1), syncPeriod), inner: kept }]
    },
  }),
)

/** Makes a pair of fast and slow parameters that start together. */
export const lookaheadParams = <Params extends Tree<Tensor>>(params: Params): LookaheadParams<Params> => ({ fast: params, slow: params })

/**
 * Lets slow parameters follow fast ones: every few steps slow ← slow + slowStepSize·(fast − slow), and fast ← slow.
 *
 * The parameters and updates are pairs `{ fast, slow }`; gradients are taken at `fast` and given plainly (or as such a pair).
 *
 * @param inner the fast optimizer
 * @throws {ContextError} when the parameters are no pair
 * @example
 * import { applyUpdates, lookahead, lookaheadParams, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = lookahead(sgd({ learningRate: 1 }), { syncPeriod: 1, slowStepSize: 0.5 })
 * const params = lookaheadParams({ w: tensor([2]) })
 * const [updates] = solver.update({ w: tensor([1]) }, solver.init(params), { params })
 * toArray(applyUpdates(params, updates).slow.w) // => [1.5]
 * @see Zhang et al., Lookahead Optimizer: k steps forward, 1 step back, 2019, arXiv:1907.08610
 */
export const lookahead = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: LookaheadOptions,
): GradientTransformation<LookaheadState<State>> =>
  lookaheadOf({ inner, ...options }) as unknown as GradientTransformation<LookaheadState<State>>
