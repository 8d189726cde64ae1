import { add, cast, div, expandDims, expm1, log, mean, mul, neg, sqrt, square, sub, zeros } from '@grad-ts/tensor'
import type { Shape, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { flag, nonNegative, staticNumber, value, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { collect } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf } from './stateless.ts'

/** Steps made; row and column averages of factored leaves; full averages of the others (`[1]` where unused). */
export type ScaleByFactoredRmsState = {
  readonly count: Tensor
  readonly row: Tree<Tensor>
  readonly column: Tree<Tensor>
  readonly full: Tree<Tensor>
}

/** Options of Adafactor's division. */
export interface ScaleByFactoredRmsOptions {
  /** Keep row and column averages of large leaves; default true. */
  readonly factored?: boolean
  /** Exponent of the decay 1 − t^(−decayRate), ≥ 0; default 0.8. */
  readonly decayRate?: Hyperparameter
  /** Number of steps to leave out of the count (for fine-tuning); default 0. */
  readonly stepOffset?: number
  /** Smallest length of both factored axes; default 128. */
  readonly minDimSizeToFactor?: number
  /** Added to the squares; default 1e-30. */
  readonly epsilon?: Hyperparameter
  /** The two factored axes; default: the two longest. */
  readonly axes?: readonly [number, number] | null
}

export const factoredFields = {
  factored: flag(true),
  decayRate: nonNegative(0.8),
  stepOffset: staticNumber({ integer: true }, 0),
  minDimSizeToFactor: wholeNumber(1, 128),
  epsilon: nonNegative(1e-30),
  axes: value('two axes', (candidate) => Array.isArray(candidate) && candidate.length === 2, null),
} as const

type Factoring = Pick<Required<ScaleByFactoredRmsOptions>, 'factored' | 'minDimSizeToFactor' | 'axes'>

/** The axis whose lengths the columns keep and the axis whose lengths the rows keep, or undefined where the leaf is not factored. */
const factoredAxes = (shape: Shape, { factored, minDimSizeToFactor, axes }: Factoring): readonly [number, number] | undefined => {
  if (!factored || shape.length < 2) return undefined
  const named = axes?.map((axis) => (axis < 0 ? axis + shape.length : axis))
  const sorted = [...shape.keys()].sort((a, b) => (shape[a] as number) - (shape[b] as number) || a - b)
  const pair = (named ?? sorted.slice(-2)) as [number, number]
  return pair.every((axis) => (shape[axis] as number) >= minDimSizeToFactor) ? pair : undefined
}

const without = (shape: Shape, axis: number): number[] => shape.filter((_, i) => i !== axis)

/** β = 1 − t^(−decayRate), computed as −expm1(−decayRate·ln t); 0 in the first step. */
const decayAt = (count: Tensor, stepOffset: number, decayRate: Scalar, dtype: 'float32' | 'float64'): Tensor => {
  const t = cast(add(count, 1 - stepOffset), dtype)
  return neg(expm1(mul(log(t), asScalar(typeof decayRate === 'number' ? -decayRate : neg(decayRate), dtype))))
}

interface Memory {
  readonly row: Tensor
  readonly column: Tensor
  readonly full: Tensor
}

const averaged = (old: Tensor, fresh: Tensor, decay: Tensor): Tensor => add(mul(old, decay), mul(fresh, sub(1, decay)))

const divideFactored = (g: Tensor, memory: Memory, decay: Tensor, epsilon: Scalar, [d1, d0]: readonly [number, number]) => {
  const squares = add(square(g), at(epsilon, g))
  const row = averaged(memory.row, mean(squares, { axes: d0 }), decay)
  const column = averaged(memory.column, mean(squares, { axes: d1 }), decay)
  const across = mean(row, { axes: d1 > d0 ? d1 - 1 : d1, keepDims: true })
  const update = div(div(g, expandDims(sqrt(div(row, across)), d0)), expandDims(sqrt(column), d1))
  return { update, row, column, full: memory.full }
}

const divideFull = (g: Tensor, memory: Memory, decay: Tensor, epsilon: Scalar) => {
  const full = averaged(memory.full, add(square(g), at(epsilon, g)), decay)
  return { update: div(g, sqrt(full)), row: memory.row, column: memory.column, full }
}

/**
 * Divides by the root of averaged squares that are kept as one row and one column for large leaves.
 *
 * β = 1 − t^(−decayRate); q = g² + epsilon; R, C average the means of q over columns and rows; u = g/√(R·C/mean(R))
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByFactoredRms } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([[0, 0], [0, 0]])
 * const rule = scaleByFactoredRms({ minDimSizeToFactor: 2 })
 * toArray(rule.update(tensor([[2, 4], [4, 8]]), rule.init(params), { params })[0] as Tensor) // => [[1, 1], [1, 1]]
 * @see Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, arXiv:1804.04235
 */
export const scaleByFactoredRms = define<ScaleByFactoredRmsOptions, ScaleByFactoredRmsState>(
  'scaleByFactoredRms',
  factoredFields,
  ({ decayRate, stepOffset, epsilon, ...factoring }) => ({
    init: (params) => {
      const make = (leaf: Tensor) => {
        const pair = factoredAxes(leaf.shape, factoring)
        const unused = zeros([1], leaf.dtype)
        if (pair === undefined) return { row: unused, column: unused, full: zeros(leaf.shape, leaf.dtype) }
        const [d1, d0] = pair
        return { row: zeros(without(leaf.shape, d0), leaf.dtype), column: zeros(without(leaf.shape, d1), leaf.dtype), full: unused }
      }
      return { count: counter(), ...collect(make, ['row', 'column', 'full'], params) }
    },
    update: (updates, state, context) => {
      paramsOf('scaleByFactoredRms', context)
      const decay = decayAt(state.count, stepOffset, decayRate, floatDType(updates))
      const { update, ...memory } = collect(
        (...[g, row, column, full]: readonly Tensor[]) => {
          const leaf = g as Tensor
          const kept = { row, column, full } as Memory
          const pair = factoredAxes(leaf.shape, factoring)
          const beta = cast(decay, leaf.dtype)
          return pair === undefined ? divideFull(leaf, kept, beta, epsilon) : divideFactored(leaf, kept, beta, epsilon, pair)
        },
        ['update', 'row', 'column', 'full'],
        updates,
        state.row,
        state.column,
        state.full,
      )
      return [update, { count: increment(state.count), ...memory }]
    },
  }),
)
