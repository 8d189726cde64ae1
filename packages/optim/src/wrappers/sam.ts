import { add, equal, mod, neg } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { applyUpdates } from '../apply-updates.ts'
import { define } from '../define.ts'
import { ContextError } from '../errors.ts'
import { flag, transformation, wholeNumber } from '../fields.ts'
import { counter } from '../numerics/count.ts'
import { addTrees, select, subTrees } from '../numerics/trees.ts'
import type { GradientTransformation, UpdateContext } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** Position in the round, the states of both optimizers, and the parameters of the round's start (none in opaque mode). */
export type SamState = {
  readonly stepsSinceSync: Tensor
  readonly optimizer: Tree<Tensor>
  readonly adversary: Tree<Tensor>
  readonly origin: Tree<Tensor>
}

/** Options of sharpness-aware minimisation. */
export interface SamOptions {
  /** Gradients per descent step: all but the last go uphill; ≥ 2; default 2. */
  readonly syncPeriod?: number
  /** Give the adversary a new state after each descent step; default true. */
  readonly resetState?: boolean
  /** Take the uphill steps inside one update, with `context.gradient`; default false. */
  readonly opaque?: boolean
}

interface Parts extends Required<SamOptions> {
  readonly optimizer: GradientTransformation
  readonly adversary: GradientTransformation
}

const uphill = (tree: Tree<Tensor>): Tree<Tensor> => map((u: Tensor) => neg(u), tree)

const transparent = ({ optimizer, adversary, syncPeriod, resetState }: Parts): GradientTransformation<SamState> => ({
  init: (params) => ({
    stepsSinceSync: counter(),
    optimizer: optimizer.init(params),
    adversary: adversary.init(params),
    origin: params,
  }),
  update: (updates, state, context = {}) => {
    const params = paramsOf('sam', context)
    const last = equal(state.stepsSinceSync, syncPeriod - 1)
    const [ascent, adversaryState] = adversary.update(updates, state.adversary, context)
    const [descent, optimizerState] = optimizer.update(updates, state.optimizer, { ...context, params: state.origin })
    const back = addTrees(subTrees(state.origin, params), descent)
    return [
      select(last, back, uphill(ascent)),
      {
        stepsSinceSync: mod(add(state.stepsSinceSync, 1), syncPeriod),
        optimizer: select(last, optimizerState, state.optimizer),
        adversary: select(last, resetState ? adversary.init(params) : state.adversary, adversaryState),
        origin: select(equal(state.stepsSinceSync, 0), params, state.origin),
      },
    ]
  },
})

const gradientOf = (context: UpdateContext): ((params: Tree<Tensor>) => Tree<Tensor>) => {
  if (context.gradient === undefined)
    throw new ContextError('sam', 'expected context.gradient, a function of the parameters, in opaque mode')
  return context.gradient
}

const opaqueRule = ({ optimizer, adversary, syncPeriod, resetState }: Parts): GradientTransformation<SamState> => ({
  init: (params) => ({ stepsSinceSync: counter(), optimizer: optimizer.init(params), adversary: adversary.init(params), origin: null }),
  update: (updates, state, context = {}) => {
    const gradient = gradientOf(context)
    const start = paramsOf('sam', context)
    let [params, slope, adversaryState] = [start, updates, state.adversary]
    for (let step = 0; step < syncPeriod - 1; step++) {
      const [ascent, next] = adversary.update(slope, adversaryState, { ...context, params })
      adversaryState = next
      params = applyUpdates(params, uphill(ascent))
      slope = gradient(params)
    }
    const [descent, optimizerState] = optimizer.update(slope, state.optimizer, { ...context, params: start })
    const kept = resetState ? adversary.init(start) : adversaryState
    return [descent, { stepsSinceSync: counter(), optimizer: optimizerState, adversary: kept, origin: null }]
  },
})

export const samOf = define<SamOptions & Pick<Parts, 'optimizer' | 'adversary'>, SamState>(
  'sam',
  {
    optimizer: transformation(),
    adversary: transformation(),
    syncPeriod: wholeNumber(1, 2),
    resetState: flag(true),
    opaque: flag(false),
  },
  (parts) => (parts.opaque ? opaqueRule(parts) : transparent(parts)),
)

/**
 * Sharpness-aware minimisation: goes uphill with one optimizer, takes the gradient there, and descends from where it started with another.
 *
 * Each call takes one gradient; every `syncPeriod`-th call descends. In opaque mode one call does it all with `context.gradient`.
 *
 * @param optimizer descends
 * @param adversary goes uphill, usually `chain(normalize(), sgd({ learningRate: rho }))`
 * @throws {ContextError} when the context has no params
 * @example
 * import { sam, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = sam(sgd({ learningRate: 1 }), sgd({ learningRate: 0.5 }))
 * const params = tensor([0])
 * toArray(solver.update(tensor([4]), solver.init(params), { params })[0] as Tensor) // => [2]
 * @see Foret et al., Sharpness-Aware Minimization for Efficiently Improving Generalization, 2020, arXiv:2010.01412
 */
export const sam = (
  optimizer: GradientTransformation,
  adversary: GradientTransformation,
  options: SamOptions = {},
): GradientTransformation<SamState> => samOf({ optimizer, adversary, ...options })
