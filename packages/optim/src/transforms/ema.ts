import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import type { Fixed } from '../define.ts'
import { decayRate, flag } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'

/** Steps made and the average of the updates. */
export type EmaState = { readonly count: Tensor; readonly ema: Tree<Tensor> }

/** Options of averaging. */
export interface EmaOptions {
  /** Decay of the average, in [0, 1). */
  readonly decay: Hyperparameter
  /** Correct the average for its start at zero; default true. */
  readonly debias?: boolean
}

export const emaOf = define<EmaOptions, EmaState>('ema', { decay: decayRate(), debias: flag(true) }, ({ decay, debias }) => ({
  init: (params) => ({ count: counter(), ema: zerosLikeTree(params) }),
  update: (updates, state) => {
    const t = increment(state.count)
    const next = updateMoment(updates, state.ema, decay, 1)
    return [debias ? biasCorrection(next, decay, t) : next, { count: t, ema: next }]
  },
}))

/**
 * Replaces the updates by their exponential average.
 *
 * e ← d·e + (1 − d)·g; u = e/(1 − dᵗ)
 *
 * @param decay d in [0, 1)
 * @param options.debias correct for the start at zero; default true
 * @example
 * import { ema } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const average = ema(0.75, { debias: false })
 * toArray(average.update(tensor([4]), average.init(tensor([0])))[0] as Tensor) // => [1]
 */
export const ema = (decay: Scalar, options: Omit<Fixed<EmaOptions>, 'decay'> = {}): GradientTransformation<EmaState> =>
  emaOf({ decay, ...options })
