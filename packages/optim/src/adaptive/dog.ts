import { add, asTensor, div, equal, maximum, mul, sqrt, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { nonNegative, staticNumber, value } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { globalNorm, plusEps, squaredNorm } from '../numerics/norms.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { subTrees } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf, scaleBy } from '../transforms/stateless.ts'

/** Steps made, the start, the largest distance from it, and the sum of squared gradients. */
export type ScaleByDogState = {
  readonly count: Tensor
  readonly initParams: Tree<Tensor>
  readonly maxDistance: Tensor
  readonly sumOfSquares: Tensor
}

/** How the first step is found: a distance, a learning rate, or a distance relative to 1 + ‖p‖. */
export type DogInitStep = readonly ['distance' | 'learningRate' | 'heuristic', number]

/** Options of DoG's rule. */
export interface ScaleByDogOptions {
  /** The first step; default `['heuristic', 1e-6]`. */
  readonly initStep?: DogInitStep
  /** Added under the root; default 1e-8. */
  readonly eps?: Hyperparameter
}

const isInitStep = (candidate: unknown): boolean =>
  Array.isArray(candidate) &&
  candidate.length === 2 &&
  ['distance', 'learningRate', 'heuristic'].includes(candidate[0]) &&
  candidate[1] >= 0

export const dogFields = {
  initStep: value("a pair such as ['heuristic', 1e-6]", isInitStep, ['heuristic', 1e-6]),
  eps: nonNegative(1e-8),
} as const

const firstDistance = ([kind, size]: DogInitStep, params: Tree<Tensor>, dtype: 'float32' | 'float64'): Tensor => {
  switch (kind) {
    case 'distance':
      return asTensor(size, dtype)
    case 'heuristic':
      return mul(add(globalNorm(params), 1), size)
    case 'learningRate':
      return asTensor(0, dtype)
  }
}

/**
 * Distance over gradients: the step is the largest distance from the start over the root of all summed squared gradients.
 *
 * d ← max(d, ‖p − p₀‖); s ← s + ‖g‖²; u = g·d/√(s + eps)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByDog } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([1, 1])
 * const rule = scaleByDog({ initStep: ['distance', 0.5] })
 * toArray(rule.update(tensor([3, 4]), rule.init(params), { params })[0] as Tensor) // => [0.3, 0.4]
 * @see Ivgi et al., DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule, 2023, arXiv:2302.12022
 */
export const scaleByDog = define<ScaleByDogOptions, ScaleByDogState>('scaleByDog', dogFields, ({ initStep, eps }) => ({
  init: (params) => {
    const dtype = floatDType(params)
    return {
      count: counter(),
      initParams: params,
      maxDistance: firstDistance(initStep, params, dtype),
      sumOfSquares: asTensor(0, dtype),
    }
  },
  update: (updates, state, context) => {
    const distance = globalNorm(subTrees(state.initParams, paramsOf('scaleByDog', context)))
    const maxDistance = maximum(state.maxDistance, distance)
    const sumOfSquares = add(state.sumOfSquares, squaredNorm(updates))
    const rate = div(maxDistance, sqrt(plusEps(sumOfSquares, eps)))
    const first = initStep[0] === 'learningRate' ? where(equal(state.count, 0), initStep[1], rate) : rate
    return [scaleBy(updates, first), { count: increment(state.count), initParams: state.initParams, maxDistance, sumOfSquares }]
  },
}))

/** The start, the weighted sum of squared gradients, and the estimated squared distance. */
export type ScaleByDowgState = { readonly initParams: Tree<Tensor>; readonly weightedSquares: Tensor; readonly squaredDistance: Tensor }

/** Options of DoWG's rule. */
export interface ScaleByDowgOptions {
  /** First squared distance; default eps. */
  readonly initEstimSqDist?: number | null
  /** Added to the root; default 1e-4. */
  readonly eps?: Hyperparameter
}

export const dowgFields = { initEstimSqDist: staticNumber({ low: 0 }, null), eps: nonNegative(1e-4) } as const

/**
 * Distance over weighted gradients.
 *
 * r ← max(r, ‖p − p₀‖²); s ← s + r·‖g‖²; u = g·r/(√s + eps)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByDowg } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([1, 1])
 * const rule = scaleByDowg({ initEstimSqDist: 4, eps: 0 })
 * toArray(rule.update(tensor([3, 4]), rule.init(params), { params })[0] as Tensor) // => [1.2, 1.6]
 * @see Khaled et al., DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent Method, 2023, arXiv:2305.16284
 */
export const scaleByDowg = define<ScaleByDowgOptions, ScaleByDowgState>('scaleByDowg', dowgFields, ({ initEstimSqDist, eps }) => ({
  init: (params) => {
    const dtype = floatDType(params)
    const first: Scalar = initEstimSqDist ?? eps
    return { initParams: params, weightedSquares: asTensor(0, dtype), squaredDistance: asScalar(first, dtype) }
  },
  update: (updates, state, context) => {
    const distance = squaredNorm(subTrees(state.initParams, paramsOf('scaleByDowg', context)))
    const squaredDistance = maximum(state.squaredDistance, distance)
    const weightedSquares = add(mul(squaredDistance, squaredNorm(updates)), state.weightedSquares)
    const divisor = add(sqrt(weightedSquares), at(eps, weightedSquares))
    return [scaleBy(updates, div(squaredDistance, divisor)), { initParams: state.initParams, weightedSquares, squaredDistance }]
  },
}))
