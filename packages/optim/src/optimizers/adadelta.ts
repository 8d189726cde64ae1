import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { dialectField, decayRate, mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByAdadelta } from '../transforms/scale-by-adadelta.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'
/** Options of Adadelta. */
export interface AdadeltaOptions {
  /** Factor of the step, ≥ 0; default 1 (keras 0.001). */
  readonly learningRate?: Hyperparameter
  /** Decay of both averages, in [0, 1); default 0.9 (keras 0.95). */
  readonly rho?: Hyperparameter
  /** Added under both roots; default 1e-6 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** Multiple of the parameters that joins the gradient (L2), ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly weightDecayMask?: Mask | null
  /** Whose defaults; default optax. */
  readonly dialect?: Dialect
}

/**
 * Adadelta: steps as long as the typical past step over the typical gradient.
 *
 * v ← ρ·v + (1 − ρ)·g²; x = √(d + eps)/√(v + eps)·g; d ← ρ·d + (1 − ρ)·x²; u = −learningRate·x
 *
 * @example
 * import { applyUpdates, adadelta } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adadelta()
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.99684, -2.0032]
 * @see Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, arXiv:1212.5701
 */
export const adadelta = define<AdadeltaOptions, readonly Tree<Tensor>[]>(
  'adadelta',
  {
    learningRate: nonNegative(1),
    rho: decayRate(0.9),
    eps: nonNegative(1e-6),
    weightDecay: nonNegative(0),
    weightDecayMask: maskField(null),
    dialect: dialectField,
  },
  ({ learningRate, rho, eps, weightDecay, weightDecayMask }) =>
    chain(
      addDecayedWeights(weightDecay, { mask: weightDecayMask as Mask | null }),
      scaleByAdadelta({ rho, eps }),
      scaleByLearningRate(learningRate),
    ),
  { keras: { learningRate: 0.001, rho: 0.95, eps: 1e-7 } },
)
