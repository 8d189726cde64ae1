import {
  abs,
  add,
  atan,
  cos,
  div,
  equal,
  exp,
  expm1,
  less,
  log1p,
  mul,
  neg,
  reciprocal,
  sign,
  sin,
  sqrt,
  square,
  sub,
  where,
} from './elementwise.ts'
import { full, unify } from './create.ts'
import type { Operand, Tensor } from './tensor.ts'

/** sin x / cos x, x in radians. */
export const tan = (x: Tensor): Tensor => div(sin(x), cos(x))

/** The angle in [−π/2, π/2] whose sine is x. */
export const asin = (x: Tensor): Tensor => atan(div(x, sqrt(mul(sub(1, x), add(1, x)))))

/** The angle in [0, π] whose cosine is x; exact near ±1. */
export const acos = (x: Tensor): Tensor => mul(atan(sqrt(div(sub(1, x), add(1, x)))), 2)

/**
 * The angle of the point (x, y), in (−π, π].
 *
 * @example
 * import { atan2, tensor, toArray } from '@grad-ts/tensor'
 * toArray(atan2(tensor([0]), tensor([1]))) // => [0]
 */
export const atan2 = (y: Operand, x: Operand): Tensor => {
  const [up, right] = unify([y, x]) as [Tensor, Tensor]
  const steep = less(abs(right), abs(up))
  const flat = atan(div(where(steep, 0, up), where(steep, 1, where(equal(right, 0), 1, right))))
  const turned = where(less(up, 0), full([], -Math.PI, up.dtype), full([], Math.PI, up.dtype))
  const side = where(less(right, 0), add(flat, turned), flat)
  const upright = sub(mul(sign(up), Math.PI / 2), atan(div(where(steep, right, 0), where(steep, up, 1))))
  return where(steep, upright, side)
}

/** The hyperbolic sine, without cancellation near 0. */
export const sinh = (x: Tensor): Tensor => mul(sub(expm1(x), expm1(neg(x))), 0.5)

/** The hyperbolic cosine. */
export const cosh = (x: Tensor): Tensor => {
  const grown = exp(x)
  return mul(add(grown, reciprocal(grown)), 0.5)
}

/** The number whose hyperbolic sine is x, without cancellation near 0 or for negative x. */
export const asinh = (x: Tensor): Tensor => {
  const side = where(less(x, 0), full([], -1, x.dtype), full([], 1, x.dtype))
  const magnitude = mul(x, side)
  return mul(side, log1p(add(magnitude, div(square(magnitude), add(sqrt(add(square(magnitude), 1)), 1)))))
}

/** The number ≥ 0 whose hyperbolic cosine is x ≥ 1. */
export const acosh = (x: Tensor): Tensor => {
  const beyond = sub(x, 1)
  return log1p(add(beyond, sqrt(mul(beyond, add(x, 1)))))
}

/** The number whose hyperbolic tangent is x. */
export const atanh = (x: Tensor): Tensor => mul(sub(log1p(x), log1p(mul(x, -1))), 0.5)
