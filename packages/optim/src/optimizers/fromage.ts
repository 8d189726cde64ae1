import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { addScaled } from '../numerics/trees.ts'
import { negative, over, plus, root, times } from '../numerics/scalar-math.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { paramsOf, stateless } from '../transforms/stateless.ts'
import { scaleByTrustRatio } from '../transforms/trust-ratio.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Fromage. */
export interface FromageOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Smallest norm that counts; default 1e-6. */
  readonly minNorm?: Hyperparameter
}

/**
 * Fromage: steps relative to the size of each leaf, with the parameters shrunk so that they do not grow.
 *
 * c = 1/√(1 + learningRate²); p ← c·(p − learningRate·g·‖p‖/‖g‖)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, fromage } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = fromage({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.79603, -2.0896]
 * @see Bernstein et al., On the distance between two neural networks and the stability of learning, 2020, arXiv:2002.03432
 */
export const fromage = define<FromageOptions, readonly Tree<Tensor>[]>(
  'fromage',
  { learningRate: nonNegative(), minNorm: nonNegative(1e-6) },
  ({ learningRate, minNorm }) => {
    const square = times(learningRate, learningRate)
    const size = root(plus(1, square))
    // 1/√(1 + η²) − 1 without cancellation.
    const excess = over(negative(square), times(size, plus(1, size)))
    return chain(
      scaleByTrustRatio({ minNorm }),
      scaleByLearningRate(over(learningRate, size)),
      stateless((updates, _, context) => addScaled(updates, excess, paramsOf('fromage', context))),
    )
  },
)
