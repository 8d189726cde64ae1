import { add, cast, div, exp, log, maximum, mean, minimum, mul, neg, reciprocal, sqrt, square, sub, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { at, define, floatDType } from '../define.ts'
import { choice, decayRate, flag, mask as maskField, nonNegative, nullable, staticNumber, value, wholeNumber } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { counter, increment } from '../numerics/count.ts'
import { rootMeanSquare } from '../numerics/norms.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { collect } from '../numerics/trees.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { clipByBlockRms } from '../transforms/clip.ts'
import { ema } from '../transforms/ema.ts'
import { scaleByFactoredRms } from '../transforms/scale-by-factored-rms.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity, paramsOf, scale } from '../transforms/stateless.ts'
import { scaleByParamBlockRms } from '../transforms/trust-ratio.ts'
import type { Dialect, GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'

/** Options of Adafactor. */
export interface AdafactorOptions {
  /** Factor of the step, ≥ 0; default none (1) (torch 0.01, keras 0.001). */
  readonly learningRate?: Hyperparameter | null
  /** Smallest length of both factored axes (optax); default 128. */
  readonly minDimSizeToFactor?: number
  /** Exponent of the decay 1 − t^(−decayRate), ≥ 0; default 0.8. */
  readonly decayRate?: Hyperparameter
  /** Number of steps to leave out of the count; default 0. */
  readonly decayOffset?: number
  /** Scale each leaf by the root mean square of its parameters; default true. */
  readonly multiplyByParameterScale?: boolean
  /** Largest root mean square of a leaf's step, null for none; default 1. */
  readonly clippingThreshold?: Hyperparameter | null
  /** Decay of the average of steps, in [0, 1); default none. */
  readonly momentum?: Hyperparameter | null
  /** Multiple of the parameters that joins the update, not multiplied by the learning rate; default none. */
  readonly weightDecayRate?: Hyperparameter | null
  /** Added to the squares (torch: smallest divisor); default 1e-30. */
  readonly eps?: Hyperparameter
  /** Keep row and column averages of large leaves; default true. */
  readonly factored?: boolean
  /** Which leaves decay; default all. */
  readonly weightDecayMask?: Mask | null
  /** The two factored axes; default: the two longest (torch and keras: the last two). */
  readonly axes?: readonly [number, number] | null
  /** torch and keras bound the learning rate by 1/√t and factor the last two axes of every matrix; default optax. */
  readonly dialect?: Dialect
}

type Relative = {
  readonly learningRate: Scalar
  readonly decayRate: Scalar
  readonly threshold: Scalar
  readonly eps: Scalar
  readonly torch: boolean
}

type RelativeState = { readonly count: Tensor; readonly row: Tree<Tensor>; readonly column: Tree<Tensor>; readonly full: Tree<Tensor> }

const averaged = (old: Tensor, fresh: Tensor, part: Tensor): Tensor => add(old, mul(sub(fresh, old), part))

/** Row and column averages of the last two axes, or full averages of vectors: 1/√ of the estimate, and the new averages. */
const estimate = (g: Tensor, [row, column, full]: readonly [Tensor, Tensor, Tensor], part: Tensor, { eps, torch }: Relative) => {
  const squares = torch ? square(g) : add(square(g), at(eps, g))
  const low = torch ? at(eps, g) : asScalar(0, g.dtype)
  if (g.shape.length < 2) {
    const next = averaged(full, squares, part)
    return { variance: next, row, column, full: next, low }
  }
  const rows = averaged(row, mean(squares, { axes: -1, keepDims: true }), part)
  const columns = averaged(column, mean(squares, { axes: -2, keepDims: true }), part)
  const across = maximum(mean(rows, { axes: -2, keepDims: true }), low)
  return { variance: div(mul(rows, columns), across), row: rows, column: columns, full, low }
}

/** Adafactor with relative steps, as PyTorch and Keras have it. */
const relativeSteps = (options: Relative): GradientTransformation<RelativeState> => ({
  init: (params) => {
    const make = (leaf: Tensor) => {
      const [rows, columns] = [leaf.shape.slice(0, -1), [...leaf.shape.slice(0, -2), 1, ...leaf.shape.slice(-1)]]
      const matrix = leaf.shape.length >= 2
      return {
        row: zeros(matrix ? [...rows, 1] : [1], leaf.dtype),
        column: zeros(matrix ? columns : [1], leaf.dtype),
        full: zeros(matrix ? [1] : leaf.shape, leaf.dtype),
      }
    }
    return { count: counter(), ...collect(make, ['row', 'column', 'full'], params) }
  },
  update: (updates, state, context) => {
    const dtype = floatDType(updates)
    const count = increment(state.count)
    const t = cast(count, dtype)
    const part = exp(mul(log(t), neg(asScalar(options.decayRate, dtype))))
    const rate = minimum(asScalar(options.learningRate, dtype), reciprocal(sqrt(t)))
    const { update, ...averages } = collect(
      (...leaves: readonly Tensor[]) => {
        const [g, p, row, column, full] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor]
        const found = estimate(g, [row, column, full], cast(part, g.dtype), options)
        const floor = options.torch ? mul(asScalar(options.eps, g.dtype), asScalar(options.eps, g.dtype)) : asScalar(0, g.dtype)
        const step = div(g, sqrt(maximum(found.variance, floor)))
        const bounded = div(step, maximum(div(rootMeanSquare(step), at(options.threshold, step)), 1))
        const size = mul(maximum(rootMeanSquare(p), 1e-3), cast(rate, p.dtype))
        return { update: mul(bounded, neg(size)), row: found.row, column: found.column, full: found.full }
      },
      ['update', 'row', 'column', 'full'],
      updates,
      paramsOf('adafactor', context),
      state.row,
      state.column,
      state.full,
    )
    return [update, { count, ...averages }]
  },
})

const optional = <Value>(given: Value | null, make: (given: Value) => GradientTransformation): GradientTransformation =>
  given === null ? identity() : make(given)

/**
 * Adafactor: divides by averaged squares that are kept as one row and one column for large matrices.
 *
 * u = −(learningRate·max(RMS(p), 1e-3)·clip(g/√V̂) + weightDecayRate·p), V̂ from `scaleByFactoredRms`
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { adafactor, applyUpdates } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adafactor({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.84189, -2.1581]
 * @see Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, arXiv:1804.04235
 */
export const adafactor = define<AdafactorOptions, readonly Tree<Tensor>[]>(
  'adafactor',
  {
    learningRate: nonNegative(null),
    minDimSizeToFactor: wholeNumber(1, 128),
    decayRate: nonNegative(0.8),
    decayOffset: staticNumber({ integer: true }, 0),
    multiplyByParameterScale: flag(true),
    clippingThreshold: nullable(nonNegative(1)),
    momentum: decayRate(null),
    weightDecayRate: nonNegative(null),
    eps: nonNegative(1e-30),
    factored: flag(true),
    weightDecayMask: maskField(null),
    axes: value('two axes', (candidate) => Array.isArray(candidate) && candidate.length === 2, null),
    dialect: choice(['optax', 'torch', 'keras'], 'optax'),
  },
  (options) => {
    const { learningRate, clippingThreshold, momentum, weightDecayRate, decayRate: exponent, eps, dialect } = options
    const decay = optional(weightDecayRate, (rate) => addDecayedWeights(rate, { mask: options.weightDecayMask as Mask | null }))
    if (dialect !== 'optax') {
      const relative = { learningRate: learningRate as Scalar, decayRate: exponent, threshold: clippingThreshold ?? Infinity, eps }
      const shrink = chain(decay, scaleByLearningRate(learningRate as Scalar))
      return chain(addedTo(relativeSteps({ ...relative, torch: dialect === 'torch' }), weightDecayRate === null ? null : shrink))
    }
    return chain(
      scaleByFactoredRms({
        factored: options.factored,
        decayRate: exponent,
        stepOffset: options.decayOffset,
        minDimSizeToFactor: options.minDimSizeToFactor,
        epsilon: eps,
        axes: options.axes,
      }),
      optional(clippingThreshold, clipByBlockRms),
      optional(learningRate, (rate) => scaleByLearningRate(rate, { flipSign: false })),
      options.multiplyByParameterScale ? scaleByParamBlockRms() : identity(),
      optional(momentum, (b) => ema(b, { debias: false })),
      decay,
      scale(-1),
    )
  },
  { torch: { learningRate: 0.01, eps: 2 ** -52 }, keras: { learningRate: 0.001 } },
)

/** Adds decoupled weight decay, −learningRate·weightDecay·p, to the steps of a rule. */
const addedTo = (
  rule: GradientTransformation<RelativeState>,
  shrink: GradientTransformation | null,
): GradientTransformation<RelativeState> => ({
  init: rule.init,
  update: (updates, state, context) => {
    const [steps, next] = rule.update(updates, state, context)
    if (shrink === null) return [steps, next]
    const nothing = map((u: Tensor) => mul(u, 0), steps)
    const [pull] = shrink.update(nothing, shrink.init(updates), context)
    return [map((a: Tensor, b: Tensor) => add(a, b), steps, pull), next]
  },
})
