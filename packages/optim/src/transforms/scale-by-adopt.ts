import { cast, clamp, div, equal, maximum, neg, sqrt, square, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { decayRate, flag, nonNegative, schedule } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { decayed } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Schedule } from '../transformation.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of ADOPT's rule. */
export interface ScaleByAdoptOptions {
  /** Decay of the momentum, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.9999. */
  readonly b2?: Hyperparameter
  /** Smallest divisor; default 1e-6. */
  readonly eps?: Hyperparameter
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
  /** Bound the normalised gradient; default true. */
  readonly useClipping?: boolean
  /** The bound as a function of the steps made; default the fourth root. */
  readonly clipValue?: Schedule | null
}

export const adoptFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.9999),
  eps: nonNegative(1e-6),
  nesterov: flag(false),
  useClipping: flag(true),
  clipValue: { ...schedule(), default: null },
} as const

const fourthRoot: Schedule = (count, dtype = 'float32') => sqrt(sqrt(cast(count, dtype)))

/**
 * Adam's rule in another order: the gradient is divided by the average of the squares before it, then averaged. The first step only fills the average.
 *
 * x = clip(g/max(√vₜ₋₁, eps), ±(t − 1)^¼); m ← b1·m + (1 − b1)·x; u = m; then v ← b2·v + (1 − b2)·g²
 *
 * @example
 * import { scaleByAdopt } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdopt()
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([4]), state)[0] as Tensor) // => [0.1]
 * @see Taniguchi et al., ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate, 2024, arXiv:2411.02853
 */
export const scaleByAdopt = define<ScaleByAdoptOptions, ScaleByAdamState>('scaleByAdopt', adoptFields, (options) => {
  const { b1, b2, eps, nesterov, useClipping } = options
  const clipValue = (options as unknown as { clipValue: Schedule | null }).clipValue ?? fourthRoot
  return {
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const dtype = floatDType(updates)
      const first = equal(state.count, 0)
      const bound = clipValue(state.count, dtype)
      const normalised = map(
        (g: Tensor, v: Tensor) => {
          const ratio = div(g, maximum(sqrt(v), at(eps, v)))
          return useClipping ? clamp(ratio, at(neg(bound), g), at(bound, g)) : ratio
        },
        updates,
        state.nu,
      )
      // The first gradient fills the average of squares and moves nothing.
      const averaged = (old: Tree<Tensor>) => map((x: Tensor, m: Tensor) => where(first, m, decayed(x, m, b1)), normalised, old)
      const mu = averaged(state.mu)
      const nu = map((g: Tensor, v: Tensor) => where(first, square(g), decayed(square(g), v, b2)), updates, state.nu)
      return [nesterov ? averaged(mu) : mu, { count: increment(state.count), mu, nu }]
    },
  }
})
