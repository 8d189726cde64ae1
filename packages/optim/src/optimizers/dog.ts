import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { dogFields, scaleByDog } from '../adaptive/dog.ts'
import type { ScaleByDogOptions } from '../adaptive/dog.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity } from '../transforms/stateless.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Dog. */
export interface DogOptions extends ScaleByDogOptions {
  /** Factor of the step, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Multiple of the parameters that joins the gradient, ≥ 0; default none. */
  readonly weightDecay?: Hyperparameter | null
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * DoG: gradient descent whose step is the distance come so far over the root of all squared gradients.
 *
 * see `scaleByDog`
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, dog } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = dog()
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.999997, -2]
 * @see Ivgi et al., DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule, 2023, arXiv:2302.12022
 */
export const dog = define<DogOptions, readonly Tree<Tensor>[]>(
  'dog',
  { learningRate: nonNegative(1), ...dogFields, weightDecay: nonNegative(null), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      weightDecay === null ? identity() : addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByDog(rule as ScaleByDogOptions),
      scaleByLearningRate(learningRate),
    ),
)
