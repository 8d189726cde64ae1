import { add, cast, concat, expandDims, gather, mul, reshape, slice, stack, sub, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, optionalAt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'

const lastAxis = (x: Tensor, range: { readonly start?: number; readonly end?: number; readonly step?: number }): Tensor =>
  slice(x, [...x.shape.slice(0, -1).map(() => null), range])

/** Turns pairs of numbers of `[batch, steps, heads, width]` by the angles of their step; what lies behind `width` of the turned part stays. */
const turned = (x: Tensor, cos: Tensor, sin: Tensor, interleaved: boolean): Tensor => {
  const half = cos.shape.at(-1) as number
  const [own, rest] = [lastAxis(x, { end: 2 * half }), lastAxis(x, { start: 2 * half })]
  const [a, b] = interleaved
    ? [lastAxis(own, { step: 2 }), lastAxis(own, { start: 1, step: 2 })]
    : [lastAxis(own, { end: half }), lastAxis(own, { start: half })]
  const [c, s] = [expandDims(cos, 2), expandDims(sin, 2)]
  const [real, imaginary] = [sub(mul(c, a), mul(s, b)), add(mul(s, a), mul(c, b))]
  const result = interleaved ? reshape(stack([real, imaginary], -1), own.shape) : concat([real, imaginary], -1)
  return rest.shape.at(-1) === 0 ? result : concat([result, rest], -1)
}

export interface Rotation {
  /** `[positions, half]`, or `[batch, steps, half]` when no positions are given. */
  readonly cos: Tensor
  readonly sin: Tensor
  readonly positions?: Tensor | undefined
  readonly interleaved: boolean
}

/** Rotary position embedding of `[batch, heads, steps, width]`. */
export const rotate = (x: Tensor, { cos, sin, positions, interleaved }: Rotation): Tensor => {
  const at = (cache: Tensor): Tensor => cast(positions === undefined ? cache : gather(cache, cast(positions, 'int32')), x.dtype)
  return transpose(turned(transpose(x, [0, 2, 1, 3]), at(cos), at(sin), interleaved), [0, 2, 1, 3])
}

/** The same for `[batch, steps, heads · width]`, or with the heads on an axis of their own. */
export const rotateAny = (call: Call, x: Tensor, heads: number, rotation: Rotation): Tensor => {
  if (x.shape.length === 4) return rotate(x, rotation)
  const [batch, steps, hidden] = x.shape as [number, number, number]
  if (x.shape.length !== 3 || heads < 1 || hidden % heads !== 0) return fail(call, `cannot split the last axis into ${heads} heads`)
  return reshape(
    transpose(rotate(transpose(reshape(x, [batch, steps, heads, hidden / heads]), [0, 2, 1, 3]), rotation), [0, 2, 1, 3]),
    x.shape,
  )
}

const rotaryEmbedding: Converter = (call) =>
  rotateAny(call, tensorAt(call, 0), intAttribute(call, 'num_heads', 0), {
    cos: tensorAt(call, 1),
    sin: tensorAt(call, 2),
    positions: optionalAt(call, 3),
    interleaved: intAttribute(call, 'interleaved', 0) === 1,
  })

/** Rotary position embedding. */
export const rotations: Readonly<Record<string, Converter>> = { RotaryEmbedding: rotaryEmbedding }
