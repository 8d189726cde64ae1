import { clamp, equal, greater, less, mul, sign, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { choice, hyper, nonNegative } from '../fields.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { fullTree, zerosLikeTree } from '../numerics/trees.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'

/** The step size of every element; the previous step (optax) or gradient (torch). */
export type ScaleByRpropState = { readonly stepSizes: Tree<Tensor>; readonly previous: Tree<Tensor> }

/** Options of Rprop's rule. */
export interface ScaleByRpropOptions {
  /** First step size, ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Factor after a change of sign, in (0, 1); default 0.5. */
  readonly etaMinus?: Hyperparameter
  /** Factor while the sign stays, > 1; default 1.2. */
  readonly etaPlus?: Hyperparameter
  /** Smallest step; default 1e-6. */
  readonly minStepSize?: Hyperparameter
  /** Largest step; default 50. */
  readonly maxStepSize?: Hyperparameter
  /** optax returns the step stored in the call before (its first step is zero); torch steps at once; default optax. */
  readonly dialect?: Dialect
}

export const rpropFields = {
  learningRate: nonNegative(),
  etaMinus: hyper({ above: 0, below: 1 }, 0.5),
  etaPlus: hyper({ above: 1 }, 1.2),
  minStepSize: nonNegative(1e-6),
  maxStepSize: nonNegative(50),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

/**
 * Steps by the sign of the gradient, each element with its own step size that grows while the sign stays and shrinks when it changes.
 *
 * @example
 * import { scaleByRprop } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByRprop({ learningRate: 0.5, dialect: 'torch' })
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [0.5, -0.5]
 * @see Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, 1993
 */
export const scaleByRprop = define<ScaleByRpropOptions, ScaleByRpropState>(
  'scaleByRprop',
  rpropFields,
  ({ learningRate, etaMinus, etaPlus, minStepSize, maxStepSize, dialect }) => ({
    init: (params) => ({ stepSizes: fullTree(params, learningRate), previous: zerosLikeTree(params) }),
    update: (updates, state) => {
      const agreement = map((g: Tensor, old: Tensor) => mul(g, old), updates, state.previous)
      const stepSizes = map(
        (sameSign: Tensor, size: Tensor) => {
          const [grow, shrink] = [asScalar(etaPlus, size.dtype), asScalar(etaMinus, size.dtype)]
          const factor = where(greater(sameSign, 0), grow, where(less(sameSign, 0), shrink, 1))
          const changed = clamp(mul(size, factor), at(minStepSize, size), at(maxStepSize, size))
          return dialect === 'torch' ? changed : where(equal(sameSign, 0), size, changed)
        },
        agreement,
        state.stepSizes,
      )
      // After a change of sign the gradient counts as zero, so that the next step neither grows nor shrinks.
      const kept = map((sameSign: Tensor, g: Tensor) => where(less(sameSign, 0), 0, g), agreement, updates)
      const steps = map((g: Tensor, size: Tensor) => mul(size, sign(g)), kept, stepSizes)
      if (dialect === 'torch') return [steps, { stepSizes, previous: kept }]
      const late = map((sameSign: Tensor, old: Tensor) => where(less(sameSign, 0), 0, old), agreement, state.previous)
      return [late, { stepSizes, previous: steps }]
    },
  }),
)
