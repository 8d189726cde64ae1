import { grad } from '@grad-ts/autodiff'
import { add, cast, evaluate, key, mul, normal, splitKey, sum, tensor, toNumber } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'

export type TensorFunction = (...args: Tensor[]) => Tensor

export interface GradientCheckOptions {
  /** The dtype in which the gradient is computed; the differences are always taken in float64. Default float64. */
  readonly dtype?: FloatDType
  /** 2 also checks the gradient of the gradient. Default 1. */
  readonly order?: 1 | 2
  /** Along how many random directions. Default 3. */
  readonly directions?: number
  readonly seed?: number
}

export interface GradientCheck {
  /** The largest |gradient · direction − difference quotient|, relative to the size of the terms. */
  readonly error: number
  readonly tolerance: number
  readonly passed: boolean
}

const tolerances: Readonly<Record<FloatDType, number>> = { float64: 1e-7, float32: 2e-4, float16: 5e-2 }

type Arguments = readonly Tensor[]
type Loss = (args: Arguments) => Tensor

const draw = (seed: number, like: Arguments): Tensor[] =>
  splitKey(key(seed), like.length + 1)
    .slice(0, like.length)
    .map((each, i) => evaluate(normal(each, (like[i] as Tensor).shape, { dtype: 'float64' })))

const inner = (left: Arguments, right: Arguments): Tensor =>
  left.map((x, i) => sum(mul(cast(x, 'float64'), right[i] as Tensor))).reduce((total, term) => add(total, term))

const shifted = (args: Arguments, direction: Arguments, step: number): Tensor[] =>
  args.map((x, i) => add(x, mul(direction[i] as Tensor, step)))

/** The derivative along a direction by differences of fourth order. */
const quotient = (loss: Loss, args: Arguments, direction: Arguments): number => {
  const step = 1e-3
  const at = (distance: number): number => toNumber(loss(shifted(args, direction, distance)))
  return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
}

/** How far the gradient of a loss is from the difference quotient, relative to what was added up. */
const disagreement = (loss: Loss, args: Arguments, dtype: FloatDType, seed: number): number => {
  const direction = draw(seed, args)
  const typed = args.map((x) => evaluate(cast(x, dtype)))
  const exact = typed.map((x) => evaluate(cast(x, 'float64')))
  const gradients = grad((params: Tensor[]) => loss(params))(typed)
  const values = evaluate([...gradients])
  const along = toNumber(inner(values, direction))
  const size = toNumber(
    inner(
      values.map((x) => mul(cast(x, 'float64'), cast(x, 'float64'))),
      values.map(() => tensor(1, { dtype: 'float64' })),
    ),
  )
  return Math.abs(along - quotient(loss, exact, direction)) / Math.max(1, Math.sqrt(size))
}

/**
 * Compares the gradient of a function with difference quotients along random directions.
 *
 * @param fn a smooth function of tensors near the arguments
 * @param args float64 tensors; keep them away from kinks and ties
 */
export const checkGradient = (fn: TensorFunction, args: Arguments, options: GradientCheckOptions = {}): GradientCheck => {
  const { dtype = 'float64', order = 1, directions = 3, seed = 1 } = options
  const cotangent = draw(seed + 1000, [fn(...args)])[0] as Tensor
  const loss: Loss = (inputs) => {
    const output = fn(...inputs)
    return sum(mul(output, cast(cotangent, output.dtype)))
  }
  const weights = draw(seed + 2000, args)
  const slope: Loss = (inputs) =>
    grad((params: Tensor[]) => loss(params))([...inputs])
      .map((x, i) => sum(mul(x, cast(weights[i] as Tensor, x.dtype))))
      .reduce((total, term) => add(total, term))
  const losses = order === 1 ? [loss] : [loss, slope]
  const errors = losses.flatMap((each) => Array.from({ length: directions }, (_, i) => disagreement(each, args, dtype, seed + i)))
  const error = errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors)
  return { error, tolerance: tolerances[dtype], passed: error <= tolerances[dtype] }
}
