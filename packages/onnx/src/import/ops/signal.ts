import {
  add,
  concat,
  expandDims,
  flip,
  gather,
  matmul,
  mul,
  neg,
  pad,
  reshape,
  slice,
  sliceAxis,
  squeeze,
  stack,
  sub,
  swapAxes,
  tensor,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, has, intAttribute, numberAt, optionalAt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { dtypeOf } from '../elements.ts'
import { elementType } from '../ir.ts'
import { positionOf } from './layout.ts'
import { checkShape } from './shape.ts'

/** cos and sin of 2πjk/n as matrices `[length, frequencies]`. */
const waves = (call: Call, like: Tensor, length: number, frequencies: number): readonly [Tensor, Tensor] => {
  checkShape(call, [length, frequencies])
  const angles = Array.from(
    { length: length * frequencies },
    (_, i) => (2 * Math.PI * ((Math.floor(i / frequencies) * (i % frequencies)) % length)) / length,
  )
  const matrix = (fn: (x: number) => number): Tensor => tensor(angles.map(fn), { shape: [length, frequencies], dtype: like.dtype })
  return [matrix(Math.cos), matrix(Math.sin)]
}

const part = (x: Tensor, i: number): Tensor =>
  reshape(slice(x, [...x.shape.slice(0, -1).map(() => null), { start: i, end: i + 1 }]), x.shape.slice(0, -1))

/** The transform of the last axis of a complex signal, real and imaginary parts apart. */
const transform = (
  call: Call,
  real: Tensor,
  imaginary: Tensor | undefined,
  frequencies: number,
  inverse: boolean,
): readonly [Tensor, Tensor] => {
  const length = real.shape.at(-1) as number
  const [cosine, sine] = waves(call, real, length, frequencies)
  const times = (x: Tensor, wave: Tensor): Tensor => reshape(matmul(reshape(x, [-1, length]), wave), [...x.shape.slice(0, -1), frequencies])
  const turned = inverse ? neg(sine) : sine
  const re = imaginary === undefined ? times(real, cosine) : add(times(real, cosine), times(imaginary, turned))
  const im = imaginary === undefined ? neg(times(real, turned)) : sub(times(imaginary, cosine), times(real, turned))
  return inverse ? [mul(re, 1 / length), mul(im, 1 / length)] : [re, im]
}

const fitTo = (x: Tensor, length: number): Tensor => {
  const own = x.shape.at(-1) as number
  const lead = x.shape.slice(0, -1)
  return own >= length
    ? slice(x, [...lead.map(() => null), { end: length }])
    : pad(x, [...lead.map(() => [0, 0] as const), [0, length - own]])
}

/** The real signal of half a spectrum: the other half mirrors it. */
const realInverse = (call: Call, x: Tensor, axis: number): Tensor => {
  const length = has(call, 1) ? numberAt(call, 1) : 2 * ((x.shape[axis] as number) - 1)
  const half = Math.floor(length / 2) + 1
  const [real, imaginary] = [0, 1].map((i) => fitTo(swapAxes(part(x, i), axis, -1), half)) as [Tensor, Tensor]
  const mirrored = (y: Tensor): Tensor => flip(sliceAxis(y, y.shape.length - 1, { start: 1, end: length - half + 1 }), y.shape.length - 1)
  const whole = (y: Tensor, other: Tensor): Tensor => concat([y, other], y.shape.length - 1)
  // A real signal has no imaginary part at its lowest and highest frequency.
  const edges = tensor(
    Array.from({ length: half }, (_, i) => Number(i !== 0 && 2 * i !== length)),
    { dtype: x.dtype, shape: [half] },
  )
  const odd = mul(imaginary, edges)
  const [signal] = transform(call, whole(real, mirrored(real)), whole(odd, neg(mirrored(odd))), length, true)
  return expandDims(swapAxes(signal, axis, -1), -1)
}

/** The discrete Fourier transform as products with sine and cosine matrices. */
const dft: Converter = (call) => {
  const x = tensorAt(call, 0)
  const given = call.opset >= 20 ? (has(call, 2) ? numberAt(call, 2) : -2) : intAttribute(call, 'axis', 1)
  const axis = positionOf(call, given, x.shape.length)
  if (axis === x.shape.length - 1) return fail(call, 'the last axis holds real and imaginary parts; expected another one')
  const [oneSided, inverse] = [intAttribute(call, 'onesided', 0) === 1, intAttribute(call, 'inverse', 0) === 1]
  if (oneSided && inverse) return realInverse(call, x, axis)
  const length = has(call, 1) ? numberAt(call, 1) : (x.shape[axis] as number)
  const frequencies = oneSided ? Math.floor(length / 2) + 1 : length
  const along = (y: Tensor): Tensor => swapAxes(y, axis, -1)
  const [real, imaginary] = [0, 1].slice(0, x.shape.at(-1)).map((i) => fitTo(along(part(x, i)), length)) as [Tensor, Tensor | undefined]
  const [re, im] = transform(call, real, imaginary, frequencies, inverse)
  return stack([along(re), along(im)], -1)
}

/** Frames of a signal `[batch, length]`: `[batch, frames, width]`. */
const framesOf = (signal: Tensor, width: number, step: number): Tensor => {
  const count = Math.floor(((signal.shape[1] as number) - width) / step) + 1
  const places = Int32Array.from({ length: count * width }, (_, i) => Math.floor(i / width) * step + (i % width))
  return gather(signal, tensor(places, { shape: [count, width] }), 1)
}

const stft: Converter = (call) => {
  const x = tensorAt(call, 0)
  if (x.shape.length === 3 && x.shape[2] !== 1) return fail(call, 'complex signals cannot be read')
  const signal = x.shape.length === 3 ? squeeze(x, 2) : x
  const window = optionalAt(call, 2)
  const width = has(call, 3) ? numberAt(call, 3) : (window?.shape[0] ?? fail(call, 'expected a window or a frame length'))
  const step = numberAt(call, 1)
  if (step < 1 || width < 1 || width > (signal.shape[1] as number))
    return fail(call, `frames of ${width} in steps of ${step} do not fit a signal of ${signal.shape[1]}`)
  const frames = framesOf(signal, width, step)
  const windowed = window === undefined ? frames : mul(frames, window)
  const [re, im] = transform(call, windowed, undefined, intAttribute(call, 'onesided', 1) === 1 ? Math.floor(width / 2) + 1 : width, false)
  return stack([re, im], -1)
}

/** Σ aₖ·cos(2πki/n), the family of cosine windows. */
const cosineWindow =
  (...weights: readonly number[]): Converter =>
  (call) => {
    const size = numberAt(call, 0)
    checkShape(call, [size])
    const period = intAttribute(call, 'periodic', 1) === 1 ? size : size - 1
    const dtype = dtypeOf(intAttribute(call, 'output_datatype', elementType.float), call.reading.float) ?? 'float32'
    return tensor(
      Array.from({ length: size }, (_, i) =>
        weights.reduce((sum, weight, k) => sum + weight * Math.cos((2 * Math.PI * k * i) / period), 0),
      ),
      { dtype, shape: [size] },
    )
  }

const melOf = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700)
const hertzOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1)

/** Triangles over the frequencies of a spectrum, evenly spaced as the ear hears them. */
const melWeights: Converter = (call) => {
  const [bands, length, rate, lowest, highest] = [0, 1, 2, 3, 4].map((i) => numberAt(call, i)) as [number, number, number, number, number]
  const rows = Math.floor(length / 2) + 1
  checkShape(call, [rows, bands + 2])
  const step = (melOf(highest) - melOf(lowest)) / (bands + 2)
  const places = Array.from({ length: bands + 2 }, (_, i) => Math.floor(((length + 1) * hertzOf(melOf(lowest) + i * step)) / rate))
  const weight = (row: number, band: number): number => {
    const [left, middle, right] = places.slice(band, band + 3) as [number, number, number]
    if (row === middle && (right > middle || left === middle)) return 1
    if (row >= left && row <= middle) return (row - left) / (middle - left)
    return row > middle && row < right ? (right - row) / (right - middle) : 0
  }
  const dtype = dtypeOf(intAttribute(call, 'output_datatype', elementType.float), call.reading.float) ?? 'float32'
  return tensor(
    Array.from({ length: rows * bands }, (_, i) => weight(Math.floor(i / bands), i % bands)),
    { dtype, shape: [rows, bands] },
  )
}

/** Operators of audio front ends. */
export const signals: Readonly<Record<string, Converter>> = {
  BlackmanWindow: cosineWindow(0.42, -0.5, 0.08),
  DFT: dft,
  HammingWindow: cosineWindow(25 / 46, -21 / 46),
  HannWindow: cosineWindow(0.5, -0.5),
  MelWeightMatrix: melWeights,
  STFT: stft,
}
