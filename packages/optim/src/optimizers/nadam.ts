import { asTensor, div, add, mul, sqrt, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { at, define, floatDType } from '../define.ts'
import { flag, mask as maskField, nonNegative, staticNumber } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { wholePower } from '../numerics/scalars.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { adamFields, scaleByAdam } from '../transforms/scale-by-adam.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'
import type { AdamOptions } from './adam.ts'

/** Steps made, the product of momentum values, and averages of gradients and squares. */
export type NadamState = { readonly count: Tensor; readonly product: Tensor; readonly mu: Tree<Tensor>; readonly nu: Tree<Tensor> }

/** Options of NAdam. */
export interface NadamOptions extends Omit<AdamOptions, 'nesterov'> {
  /** Pace of the momentum schedule of dialects torch and keras, ≥ 0; default 0.004 (keras 1). */
  readonly momentumDecay?: number
  /** Multiply a momentum value into the look-ahead product twice, as PyTorch did before 2.0; default false. */
  readonly doubledProduct?: boolean
}

interface Rule {
  readonly b1: Scalar
  readonly b2: Scalar
  readonly eps: Scalar
  readonly epsRoot: Scalar
  readonly momentumDecay: number
  readonly doubledProduct: boolean
}

/** μ(t) = b1·(1 − ½·0.96^(t·pace)). */
const momentumAt = (t: Tensor, { b1, momentumDecay }: Rule, dtype: 'float32' | 'float64'): Tensor =>
  mul(sub(1, mul(wholePower(Math.log(0.96) * momentumDecay, t, dtype), 0.5)), asScalar(b1, dtype))

/** Dozat's rule with its momentum schedule, as PyTorch and Keras have it. */
const scheduledMomentum = (rule: Rule): GradientTransformation<NadamState> => ({
  init: (params) => ({
    count: counter(),
    product: asTensor(1, floatDType(params)),
    mu: zerosLikeTree(params),
    nu: zerosLikeTree(params),
  }),
  update: (updates, state) => {
    const dtype = floatDType(updates)
    const t = increment(state.count)
    const [now, ahead] = [momentumAt(t, rule, dtype), momentumAt(increment(t), rule, dtype)]
    const product = mul(state.product, now)
    const productAhead = mul(rule.doubledProduct ? mul(product, now) : product, ahead)
    const mu = updateMoment(updates, state.mu, rule.b1, 1)
    const nu = updateMoment(updates, state.nu, rule.b2, 2)
    const [gradientPart, meanPart] = [div(sub(1, now), sub(1, product)), div(ahead, sub(1, productAhead))]
    const next = map(
      (g: Tensor, m: Tensor, v: Tensor) => {
        const divisor = add(sqrt(rule.epsRoot === 0 ? v : add(v, at(rule.epsRoot, v))), at(rule.eps, v))
        return div(add(mul(g, at(gradientPart, g)), mul(m, at(meanPart, m))), divisor)
      },
      updates,
      mu,
      biasCorrection(nu, rule.b2, t),
    )
    return [next, { count: t, product, mu, nu }]
  },
})

const fields = {
  learningRate: nonNegative(),
  b1: adamFields.b1,
  b2: adamFields.b2,
  eps: adamFields.eps,
  epsRoot: adamFields.epsRoot,
  dialect: adamFields.dialect,
  momentumDecay: staticNumber({ low: 0 }, 0.004),
  doubledProduct: flag(false),
} as const

const nadamRule = ({ dialect, ...rule }: Rule & { readonly dialect: string }): GradientTransformation => {
  const { b1, b2, eps, epsRoot } = rule
  return dialect === 'optax' ? scaleByAdam({ b1, b2, eps, epsRoot, nesterov: true }) : scheduledMomentum(rule)
}

/**
 * NAdam: Adam with Nesterov momentum. Dialects torch and keras use Dozat's momentum schedule.
 *
 * m̂ = b1·m/(1 − b1ᵗ⁺¹) + (1 − b1)·g/(1 − b1ᵗ); u = −learningRate·m̂/(√v̂ + eps)
 *
 * @example
 * import { applyUpdates, nadam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = nadam({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.85263, -2.1474]
 * @see Dozat, Incorporating Nesterov Momentum into Adam, 2016
 */
export const nadam = define<NadamOptions, readonly Tree<Tensor>[]>(
  'nadam',
  fields,
  ({ learningRate, ...rule }) => chain(nadamRule(rule), scaleByLearningRate(learningRate)),
  { keras: { eps: 1e-7, momentumDecay: 1 } },
)

/** Options of NAdam with decoupled weight decay. */
export interface NadamwOptions extends NadamOptions {
  /** Multiple of the parameters that joins the update, ≥ 0; default 1e-4 (torch 1e-2, keras 4e-3). */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * NAdam with decoupled weight decay.
 *
 * u = −learningRate·(m̂/(√v̂ + eps) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, nadamw } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = nadamw({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.85262, -2.1473]
 * @see Dozat, Incorporating Nesterov Momentum into Adam, 2016
 */
export const nadamw = define<NadamwOptions, readonly Tree<Tensor>[]>(
  'nadamw',
  { ...fields, weightDecay: nonNegative(1e-4), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(nadamRule(rule), addDecayedWeights(weightDecay, { mask: mask as Mask | null }), scaleByLearningRate(learningRate)),
  { torch: { weightDecay: 1e-2 }, keras: { eps: 1e-7, momentumDecay: 1, weightDecay: 4e-3 } },
)
