import { add, div, maximum, sqrt, square, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, flag, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { fullTree, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'

/** Steps made and the average of the squared updates. */
export type ScaleByRmsState = { readonly count: Tensor; readonly nu: Tree<Tensor> }

/** Options of the division by a root mean square. */
export interface ScaleByRmsOptions {
  /** Decay of the average of squares, in [0, 1); default 0.9. */
  readonly decay?: Hyperparameter
  /** Added to the average (or to its root) against division by zero; default 1e-8. */
  readonly eps?: Hyperparameter
  /** First value of the average; default 0. */
  readonly initialScale?: Hyperparameter
  /** Put eps inside the root, g/√(v + eps), as the formula has it, or outside, g/(√v + eps); default true. */
  readonly epsInRoot?: boolean
  /** Correct the average for its start at zero; default false. */
  readonly biasCorrection?: boolean
}

const fields = {
  decay: decayRate(0.9),
  eps: nonNegative(1e-8),
  initialScale: nonNegative(0),
  epsInRoot: flag(true),
  biasCorrection: flag(false),
} as const

const divide = (update: Tensor, variance: Tensor, eps: Scalar, epsInRoot: boolean): Tensor => {
  const small = at(eps, variance)
  return div(update, epsInRoot ? sqrt(add(variance, small)) : add(sqrt(variance), small))
}

/**
 * Divides the updates by the root of the average of their squares.
 *
 * v ← d·v + (1 − d)·g²; u = g/√(v + eps)
 *
 * @example
 * import { scaleByRms } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByRms({ decay: 0.75, eps: 0 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [2]
 * @see Hinton, Neural Networks for Machine Learning, lecture 6, 2012
 */
export const scaleByRms = define<ScaleByRmsOptions, ScaleByRmsState>(
  'scaleByRms',
  fields,
  ({ decay, eps, initialScale, epsInRoot, biasCorrection: corrected }) => ({
    init: (params) => ({ count: counter(), nu: fullTree(params, initialScale) }),
    update: (updates, { count, nu }) => {
      const t = increment(count)
      const next = updateMoment(updates, nu, decay, 2)
      const variance = corrected ? biasCorrection(next, decay, t) : next
      return [map((g: Tensor, v: Tensor) => divide(g, v, eps, epsInRoot), updates, variance), { count: t, nu: next }]
    },
  }),
)

/** Steps made and the averages of the updates and of their squares. */
export type ScaleByStddevState = { readonly count: Tensor; readonly mu: Tree<Tensor>; readonly nu: Tree<Tensor> }

/**
 * Divides the updates by their running standard deviation: centered RMSprop.
 *
 * m ← d·m + (1 − d)·g; v ← d·v + (1 − d)·g²; u = g/√(v − m² + eps). Rounding cannot make v − m² negative: it is cut at 0.
 *
 * @example
 * import { scaleByStddev } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByStddev({ decay: 0.5, eps: 0 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [2]
 * @see Graves, Generating Sequences With Recurrent Neural Networks, 2013, arXiv:1308.0850
 */
export const scaleByStddev = define<ScaleByRmsOptions, ScaleByStddevState>(
  'scaleByStddev',
  fields,
  ({ decay, eps, initialScale, epsInRoot, biasCorrection: corrected }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: fullTree(params, initialScale) }),
    update: (updates, { count, ...moments }) => {
      const t = increment(count)
      const mu = updateMoment(updates, moments.mu, decay, 1)
      const nu = updateMoment(updates, moments.nu, decay, 2)
      const [mean, mean2] = corrected ? [biasCorrection(mu, decay, t), biasCorrection(nu, decay, t)] : [mu, nu]
      const variance = map((m: Tensor, v: Tensor) => maximum(sub(v, square(m)), 0), mean, mean2)
      return [map((g: Tensor, v: Tensor) => divide(g, v, eps, epsInRoot), updates, variance), { count: t, mu, nu }]
    },
  }),
)
