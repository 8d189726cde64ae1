import { add, asTensor, cast, div, equal, less, lessEqual, maximum, minimum, mul, neg, sqrt, square, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { anyNumber, decayRate, flag, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { decayed, updateMoment } from '../numerics/moments.ts'
import { squaredNorm } from '../numerics/norms.ts'
import { asScalar, over, plus, times } from '../numerics/scalar-math.ts'
import { oneMinusPower } from '../numerics/scalars.ts'
import { addScaled, scaleTree, vdotTrees, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf, valueOf } from '../transforms/stateless.ts'

/** Steps made; averages of gradient, loss and ⟨g, p⟩; the lower bound of the loss. */
export type MomoState = {
  readonly count: Tensor
  readonly mu: Tree<Tensor>
  readonly value: Tensor
  readonly product: Tensor
  readonly lowerBound: Tensor
}

/** Options of MoMo. */
export interface MomoOptions {
  /** Largest step, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Decay of the averages, in [0, 1); default 0.9. */
  readonly beta?: Hyperparameter
  /** Smallest loss; default 0. */
  readonly lowerBound?: Hyperparameter
  /** Decay of the parameters, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Learn the lower bound; default false. */
  readonly adaptLowerBound?: boolean
}

/** What the model of the loss knows; every entry is a float scalar. */
interface Model {
  readonly value: Tensor
  readonly product: Tensor
  readonly inner: Tensor
  readonly squared: Tensor
  /** 1 + α·weightDecay. */
  readonly decay: Scalar
  /** Correction of the averages: 1 for MoMo, 1 − b1ᵗ for MoMo-Adam. */
  readonly correction: Scalar
}

const usedBound = (model: Model, old: Tensor, lowest: Scalar): Tensor => {
  const cap = add(mul(sub(model.value, model.product), at(model.decay, old)), model.inner)
  const scaled = asScalar(times(model.decay, model.correction), old.dtype)
  return where(less(cap, mul(scaled, old)), maximum(div(cap, mul(scaled, 2)), at(lowest, old)), old)
}

const stepOf = (model: Model, bound: Tensor, largest: Scalar): Tensor => {
  const gap = sub(sub(model.value, mul(bound, at(model.correction, bound))), model.product)
  const flat = model.squared.dtype === 'float64' ? 2 ** -52 : 2 ** -23
  const wanted = div(maximum(add(mul(gap, at(model.decay, gap)), model.inner), 0), model.squared)
  return minimum(at(over(largest, model.correction), gap), where(lessEqual(model.squared, flat), 0, wanted))
}

const learnedBound = (model: Model, step: Tensor, lowest: Scalar): Tensor => {
  const reached = sub(sub(add(model.value, model.inner), model.product), mul(mul(step, model.squared), 0.5))
  return maximum(div(reached, at(model.correction, reached)), at(lowest, reached))
}

const shrink = (learningRate: Scalar, weightDecay: Scalar): Scalar => {
  const part = times(learningRate, weightDecay)
  return over(part, plus(part, 1))
}

const initial = (params: Tree<Tensor>, lowerBound: Scalar): MomoState => {
  const dtype = floatDType(params)
  const zero = asTensor(0, dtype)
  return { count: counter(), mu: zerosLikeTree(params), value: zero, product: zero, lowerBound: asScalar(lowerBound, dtype) }
}

/**
 * Momentum whose step is chosen from averaged losses and gradients, as Polyak's, and bounded by the learning rate.
 *
 * @throws {ContextError} when the context has no params or no value
 * @example
 * import { applyUpdates, momo } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = momo()
 * const params = tensor([3, 4])
 * const [updates] = solver.update(tensor([6, 8]), solver.init(params), { params, value: tensor(25) })
 * toArray(applyUpdates(params, updates)) // => [1.5, 2]
 * @see Schaipp et al., MoMo: Momentum Models for Adaptive Learning Rates, 2023, arXiv:2305.07583
 */
export const momo = define<MomoOptions, MomoState>(
  'momo',
  {
    learningRate: nonNegative(1),
    beta: decayRate(0.9),
    lowerBound: anyNumber(0),
    weightDecay: nonNegative(0),
    adaptLowerBound: flag(false),
  },
  ({ learningRate, beta, lowerBound, weightDecay, adaptLowerBound }) => ({
    init: (params) => initial(params, lowerBound),
    update: (updates, state, context) => {
      const params = paramsOf('momo', context)
      const dtype = floatDType(updates)
      const decay = where(equal(state.count, 0), 0, asScalar(beta, dtype))
      const value = decayed(cast(valueOf('momo', context), dtype), state.value, decay)
      const mu = updateMoment(updates, state.mu, decay, 1)
      const product = decayed(vdotTrees(updates, params), state.product, decay)
      const model: Model = {
        value,
        product,
        inner: vdotTrees(mu, params),
        squared: squaredNorm(mu),
        decay: plus(times(learningRate, weightDecay), 1),
        correction: 1,
      }
      const bound = adaptLowerBound ? usedBound(model, state.lowerBound, lowerBound) : state.lowerBound
      const step = stepOf(model, bound, learningRate)
      const next = addScaled(scaleTree(mu, neg(step)), asScalar(times(shrink(learningRate, weightDecay), -1), dtype), params)
      const learned = adaptLowerBound ? learnedBound(model, step, lowerBound) : state.lowerBound
      return [next, { count: increment(state.count), mu, value, product, lowerBound: learned }]
    },
  }),
)

/** MoMo's state and the average of squared gradients. */
export type MomoAdamState = MomoState & { readonly nu: Tree<Tensor> }

/** Options of MoMo-Adam. */
export interface MomoAdamOptions {
  /** Largest step, ≥ 0; default 0.01. */
  readonly learningRate?: Hyperparameter
  /** Decay of the averages, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Smallest loss; default 0. */
  readonly lowerBound?: Hyperparameter
  /** Decay of the parameters, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Learn the lower bound; default false. */
  readonly adaptLowerBound?: boolean
}

/**
 * MoMo with Adam's division.
 *
 * @throws {ContextError} when the context has no params or no value
 * @example
 * import { applyUpdates, momoAdam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = momoAdam({ learningRate: 0.5 })
 * const params = tensor([3, 4])
 * const [updates] = solver.update(tensor([6, 8]), solver.init(params), { params, value: tensor(25) })
 * toArray(applyUpdates(params, updates)) // => [2.5, 3.5]
 * @see Schaipp et al., MoMo: Momentum Models for Adaptive Learning Rates, 2023, arXiv:2305.07583
 */
export const momoAdam = define<MomoAdamOptions, MomoAdamState>(
  'momoAdam',
  {
    learningRate: nonNegative(0.01),
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    eps: nonNegative(1e-8),
    lowerBound: anyNumber(0),
    weightDecay: nonNegative(0),
    adaptLowerBound: flag(false),
  },
  ({ learningRate, b1, b2, eps, lowerBound, weightDecay, adaptLowerBound }) => ({
    init: (params) => ({ ...initial(params, lowerBound), nu: zerosLikeTree(params) }),
    update: (updates, state, context) => {
      const params = paramsOf('momoAdam', context)
      const dtype = floatDType(updates)
      const count = increment(state.count)
      const value = decayed(cast(valueOf('momoAdam', context), dtype), state.value, b1)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = map((g: Tensor, v: Tensor) => decayed(square(g), v, b2), updates, state.nu)
      const product = decayed(vdotTrees(updates, params), state.product, b1)
      const correction = oneMinusPower(b2, count, dtype)
      const weighted = map((m: Tensor, v: Tensor) => div(m, add(sqrt(div(v, at(correction, v))), at(eps, v))), mu, nu)
      const model: Model = {
        value,
        product,
        inner: vdotTrees(mu, params),
        squared: vdotTrees(mu, weighted),
        decay: plus(times(learningRate, weightDecay), 1),
        correction: oneMinusPower(b1, count, dtype),
      }
      const bound = adaptLowerBound ? usedBound(model, state.lowerBound, lowerBound) : state.lowerBound
      const step = stepOf(model, bound, learningRate)
      const next = addScaled(scaleTree(weighted, neg(step)), asScalar(times(shrink(learningRate, weightDecay), -1), dtype), params)
      const learned = adaptLowerBound ? learnedBound(model, step, lowerBound) : state.lowerBound
      return [next, { count, mu, nu, value, product, lowerBound: learned }]
    },
  }),
)
