import type { Tensor } from '@grad-ts/tensor'
import { fail, intsAttribute, stringAttribute } from '../call.ts'
import type { Call } from '../call.ts'

/** How a window slides over the spatial axes. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
}

export const spatialOf = (x: Tensor): readonly number[] => x.shape.slice(2)

export const listFor = (call: Call, name: string, rank: number, fallback: number): readonly number[] => {
  const values = intsAttribute(call, name) ?? Array.from<number>({ length: rank }).fill(fallback)
  if (values.length !== rank || values.some((value) => !Number.isInteger(value) || value < fallback || value > 2 ** 24))
    return fail(call, `attribute '${name}' is [${values.join(', ')}]; expected ${rank} numbers of at least ${fallback}`)
  return values
}

export const reachOf = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1

export const halves = (total: number, extraAtEnd: boolean): readonly [number, number] => {
  const small = Math.floor(total / 2)
  return extraAtEnd ? [small, total - small] : [total - small, small]
}

/** Explicit amounts, or those that keep the length (divided by the stride). */
export const padsOf = (
  call: Call,
  spatial: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): (readonly [number, number])[] => {
  const mode = stringAttribute(call, 'auto_pad', 'NOTSET')
  if (mode === 'VALID') return spatial.map(() => [0, 0])
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER')
    return spatial.map((length, i) => {
      const stride = strides[i] as number
      const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reachOf(kernel[i] as number, dilations[i] as number) - length)
      return halves(total, mode === 'SAME_UPPER')
    })
  const pads = intsAttribute(call, 'pads') ?? spatial.flatMap(() => [0, 0])
  if (pads.length !== spatial.length * 2 || pads.some((amount) => amount < 0 || amount > 2 ** 24))
    return fail(call, `attribute 'pads' is [${pads.join(', ')}]; expected ${spatial.length * 2} numbers of at least 0`)
  return spatial.map((_, i) => [pads[i] as number, pads[i + spatial.length] as number])
}

export const windowOf = (call: Call, x: Tensor, kernel: readonly number[]): Window => {
  const spatial = spatialOf(x)
  if (kernel.length !== spatial.length || spatial.length === 0)
    return fail(call, `a window of [${kernel.join(', ')}] does not fit ${spatial.length} spatial axes`)
  const strides = listFor(call, 'strides', spatial.length, 1)
  const dilations = listFor(call, 'dilations', spatial.length, 1)
  const pads = padsOf(call, spatial, kernel, strides, dilations)
  return { kernel, strides, dilations, before: pads.map(([before]) => before), after: pads.map(([, after]) => after) }
}
