import { add, asTensor, cast, clamp, div, expm1, less, log, log1p, maximum, mul, neg, pow, sin, square, sub, where } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'

/** How far a transition is: the part done and the part left, each exact near its zero. */
export interface Progress {
  readonly done: Tensor
  readonly left: Tensor
}

/** A float constant `[]`. */
export const number = (value: number, dtype: FloatDType): Tensor => asTensor(value, dtype)

/** Steps since the beginning of a transition, never negative; int32 `[]`. */
export const since = (count: Tensor, begin: number): Tensor => maximum(begin === 0 ? count : sub(count, begin), 0)

/** Progress of a transition of `steps` steps; both parts come from whole numbers, so neither cancels. */
export const progress = (count: Tensor, begin: number, steps: number, dtype: FloatDType): Progress => {
  const passed = clamp(since(count, begin), 0, steps)
  return { done: div(cast(passed, dtype), steps), left: div(cast(sub(steps, passed), dtype), steps) }
}

/** start·weight + end·(1 − weight) where both weights are given. */
export const blend = (start: number, end: number, weight: Tensor, complement: Tensor): Tensor => {
  if (end === 0) return mul(weight, start)
  return start === 0 ? mul(complement, end) : add(mul(weight, start), mul(complement, end))
}

/** ln(left), from whichever part is the smaller one. */
const logOfLeft = ({ done, left }: Progress): Tensor => where(less(done, left), log1p(neg(done)), log(left))

/** The weights of a polynomial transition: left^power, and its complement without cancellation. */
export const polynomialWeights = (progress: Progress, power: number): readonly [Tensor, Tensor] =>
  power === 1 ? [progress.left, progress.done] : [pow(progress.left, power), neg(expm1(mul(logOfLeft(progress), power)))]

/** The weights of a cosine transition, ½(1 ± cos(π·done)), as squared sines of exactly known angles. */
export const cosineWeights = ({ done, left }: Progress): readonly [Tensor, Tensor] => [
  square(sin(mul(left, Math.PI / 2))),
  square(sin(mul(done, Math.PI / 2))),
]
