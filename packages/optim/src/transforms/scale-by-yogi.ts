import { mul, sign, square, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { fullTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { divideByRoot } from './scale-by-adam.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of Yogi's rule. */
export interface ScaleByYogiOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Pace of the average of the squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-3. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** First value of both averages; default 1e-6. */
  readonly initialAccumulatorValue?: Hyperparameter
}

/**
 * Adam's rule whose average of squares moves by a bounded amount, up or down.
 *
 * v ← v − (1 − b2)·sign(v − g²)·g²; u = m̂/(√(v̂ + epsRoot) + eps)
 *
 * @example
 * import { scaleByYogi } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByYogi()
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [0.9997, -0.9960]
 * @see Zaheer et al., Adaptive Methods for Nonconvex Optimization, 2018
 */
export const scaleByYogi = define<ScaleByYogiOptions, ScaleByAdamState>(
  'scaleByYogi',
  {
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    eps: nonNegative(1e-3),
    epsRoot: nonNegative(0),
    initialAccumulatorValue: nonNegative(1e-6),
  },
  ({ b1, b2, eps, epsRoot, initialAccumulatorValue }) => ({
    init: (params) => ({
      count: counter(),
      mu: fullTree(params, initialAccumulatorValue),
      nu: fullTree(params, initialAccumulatorValue),
    }),
    update: (updates, state) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = map((g: Tensor, v: Tensor) => sub(v, mul(mul(sign(sub(v, square(g))), square(g)), at(oneMinus(b2), v))), updates, state.nu)
      return [divideByRoot(biasCorrection(mu, b1, t), biasCorrection(nu, b2, t), eps, epsRoot), { count: t, mu, nu }]
    },
  }),
)
