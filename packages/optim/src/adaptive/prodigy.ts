import { abs, add, asTensor, div, maximum, mul, neg, sqrt, square, sub, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { decayRate, flag, hyper, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { updateMoment } from '../numerics/moments.ts'
import { asScalar, root, times } from '../numerics/scalar-math.ts'
import { oneMinus, oneMinusPower } from '../numerics/scalars.ts'
import { addScaled, scaleTree, subTrees, total, vdotTrees, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** Steps made; averages of gradients and squares; the weighted sum of gradients; the start (Prodigy); the estimate and its numerator. */
export type ProdigyState = {
  readonly count: Tensor
  readonly mu: Tree<Tensor>
  readonly nu: Tree<Tensor>
  readonly gradients: Tree<Tensor>
  readonly initParams: Tree<Tensor>
  readonly estimate: Tensor
  readonly numerator: Tensor
}

/** Options of Prodigy. */
export interface ProdigyOptions {
  /** Factor of the estimated step, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Decay of the average of gradients, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Decay of the estimate's sums, in [0, 1); default √b2. */
  readonly b3?: Hyperparameter | null
  /** Added to the root, times the estimate; default 1e-8. */
  readonly eps?: Hyperparameter
  /** First estimate, > 0; default 1e-6. */
  readonly estimLr0?: Hyperparameter
  /** Factor of the estimate; default 1. */
  readonly estimLrCoef?: Hyperparameter
  /** Decay of the parameters, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Leave the learning rate out of the estimate, for warm-ups; default false. */
  readonly safeguardWarmup?: boolean
}

/** √(1 − b2ᵗ)/(1 − b1ᵗ). */
const correctionOf = (b1: Scalar, b2: Scalar, t: Tensor, dtype: 'float32' | 'float64'): Tensor =>
  div(sqrt(oneMinusPower(b2, t, dtype)), oneMinusPower(b1, t, dtype))

/**
 * Adam that estimates its learning rate from the distance to the start.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, prodigy } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = prodigy({ estimLr0: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Mishchenko and Defazio, Prodigy: An Expeditiously Adaptive Parameter-Free Learner, 2023, arXiv:2306.06101
 */
export const prodigy = define<ProdigyOptions, ProdigyState>(
  'prodigy',
  {
    learningRate: nonNegative(1),
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    b3: decayRate(null),
    eps: nonNegative(1e-8),
    estimLr0: hyper({ above: 0 }, 1e-6),
    estimLrCoef: nonNegative(1),
    weightDecay: nonNegative(0),
    safeguardWarmup: flag(false),
  },
  ({ learningRate, b1, b2, b3: given, eps, estimLr0, estimLrCoef, weightDecay, safeguardWarmup }) => {
    const b3 = given ?? root(b2)
    return {
      init: (params) => {
        const dtype = floatDType(params)
        const zero = zerosLikeTree(params)
        const estimate = asScalar(estimLr0, dtype)
        return { count: counter(), mu: zero, nu: zero, gradients: zero, initParams: params, estimate, numerator: asTensor(0, dtype) }
      },
      update: (updates, state, context) => {
        const params = paramsOf('prodigy', context)
        const dtype = floatDType(updates)
        const t = increment(state.count)
        const rate = mul(mul(state.estimate, asScalar(learningRate, dtype)), correctionOf(b1, b2, t, dtype))
        const scaled = scaleTree(updates, state.estimate)
        const mu = updateMoment(scaled, state.mu, b1, 1)
        const nu = updateMoment(scaled, state.nu, b2, 2)
        const weight = div(safeguardWarmup ? state.estimate : rate, asScalar(estimLr0, dtype))
        const gradients = addScaled(scaleTree(state.gradients, b3), weight, scaled)
        const gain = mul(mul(div(state.estimate, asScalar(estimLr0, dtype)), rate), vdotTrees(updates, subTrees(state.initParams, params)))
        const numerator = add(mul(state.numerator, asScalar(b3, dtype)), gain)
        const size = total(gradients, (leaf) => sum(abs(leaf)))
        const estimate = maximum(state.estimate, div(mul(numerator, asScalar(estimLrCoef, dtype)), size))
        const next = map(
          (m: Tensor, v: Tensor, p: Tensor) => {
            const step = div(mul(m, at(rate, m)), add(sqrt(v), mul(asScalar(eps, v.dtype), at(estimate, v))))
            return sub(neg(mul(p, mul(asScalar(weightDecay, p.dtype), at(rate, p)))), step)
          },
          mu,
          nu,
          params,
        )
        return [next, { count: t, mu, nu, gradients, initParams: state.initParams, estimate, numerator }]
      },
    }
  },
)

/** Steps made; averages of gradients and squares; the weighted sum of gradients; the estimate and its numerator. */
export type DadaptAdamwState = Omit<ProdigyState, 'initParams'>

/** Options of D-Adaptation. */
export interface DadaptAdamwOptions {
  /** Factor of the estimated step, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Decay of the average of gradients, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** First estimate, > 0; default 1e-6. */
  readonly estimLr0?: Hyperparameter
  /** Decay of the parameters, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
}

/**
 * AdamW that estimates its learning rate from the sum of the gradients.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, dadaptAdamw } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = dadaptAdamw({ estimLr0: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Defazio and Mishchenko, Learning-Rate-Free Learning by D-Adaptation, 2023, arXiv:2301.07733
 */
export const dadaptAdamw = define<DadaptAdamwOptions, DadaptAdamwState>(
  'dadaptAdamw',
  {
    learningRate: nonNegative(1),
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    eps: nonNegative(1e-8),
    estimLr0: hyper({ above: 0 }, 1e-6),
    weightDecay: nonNegative(0),
  },
  ({ learningRate, b1, b2, eps, estimLr0, weightDecay }) => {
    const slow = root(b2)
    return {
      init: (params) => {
        const dtype = floatDType(params)
        const zero = zerosLikeTree(params)
        return { count: counter(), mu: zero, nu: zero, gradients: zero, estimate: asScalar(estimLr0, dtype), numerator: asTensor(0, dtype) }
      },
      update: (updates, state, context) => {
        const params = paramsOf('dadaptAdamw', context)
        const dtype = floatDType(updates)
        const t = increment(state.count)
        const rate = mul(mul(state.estimate, asScalar(learningRate, dtype)), correctionOf(b1, b2, t, dtype))
        const weighted = map((s: Tensor, v: Tensor) => div(s, add(sqrt(v), at(eps, v))), state.gradients, state.nu)
        const gain = mul(rate, vdotTrees(updates, weighted))
        const scaled = scaleTree(updates, rate)
        const mu = updateMoment(scaled, state.mu, b1, 1)
        const nu = map((g: Tensor, v: Tensor) => add(mul(v, at(b2, v)), mul(square(g), at(oneMinus(b2), g))), updates, state.nu)
        const gradients = updateMoment(scaled, state.gradients, slow, 1)
        const fresh = asScalar(oneMinus(slow), dtype)
        const numerator = add(mul(state.numerator, asScalar(slow, dtype)), mul(gain, fresh))
        const size = total(gradients, (leaf) => sum(abs(leaf)))
        const estimate = maximum(state.estimate, div(numerator, mul(fresh, size)))
        const next = map(
          (m: Tensor, v: Tensor, p: Tensor) =>
            sub(mul(p, mul(at(rate, p), at(times(weightDecay, -1), p))), div(m, add(sqrt(v), at(eps, v)))),
          mu,
          nu,
          params,
        )
        return [next, { count: t, mu, nu, gradients, estimate, numerator }]
      },
    }
  },
)
