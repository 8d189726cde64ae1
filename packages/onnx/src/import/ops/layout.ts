import {
  broadcastShapes,
  broadcastTo,
  concat,
  gather,
  reshape,
  sizeOf,
  slice,
  split as splitInto,
  tensor,
  tile,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import {
  fail,
  intAttribute,
  intsAttribute,
  numberAt,
  numbersAt,
  optionalInt,
  optionalNumbersAt,
  outputCount,
  stringAttribute,
  tensorAt,
  tensorsAt,
} from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { checkShape } from './shape.ts'

/** Axes as an input since some opset, as an attribute before. */
export const axesOf = (call: Call, since: number, position = 1): readonly number[] | undefined =>
  call.opset >= since ? optionalNumbersAt(call, position) : intsAttribute(call, 'axes')

/** A possibly negative axis as its position. */
export const positionOf = (call: Call, axis: number, rank: number): number => {
  const position = axis < 0 ? axis + rank : axis
  return Number.isInteger(position) && position >= 0 && position < Math.max(rank, 1)
    ? position
    : fail(call, `axis ${axis} is out of range for rank ${rank}`)
}

const reshapeTo: Converter = (call) => {
  const x = tensorAt(call, 0)
  const asked = call.opset >= 5 ? numbersAt(call, 1) : (intsAttribute(call, 'shape') ?? [])
  const keepZero = intAttribute(call, 'allowzero', 0) === 1
  const target = asked.map((length, axis) => (length === 0 && !keepZero ? (x.shape[axis] ?? 0) : length))
  if (target.includes(-1) && sizeOf(target.filter((length) => length !== -1)) === 0)
    return reshape(
      x,
      target.map((length) => (length === -1 ? 0 : length)),
    )
  return reshape(x, target)
}

const flatten: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = intAttribute(call, 'axis', 1)
  const position = axis < 0 ? axis + x.shape.length : axis
  return reshape(x, [sizeOf(x.shape.slice(0, position)), sizeOf(x.shape.slice(position))])
}

const squeeze: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axes = axesOf(call, 13)?.map((axis) => positionOf(call, axis, x.shape.length))
  const isDropped = (length: number, axis: number): boolean => (axes === undefined ? length === 1 : axes.includes(axis))
  const long = axes?.find((axis) => x.shape[axis] !== 1)
  if (long !== undefined) return fail(call, `axis ${long} has length ${x.shape[long]}, expected 1`)
  return reshape(
    x,
    x.shape.filter((length, axis) => !isDropped(length, axis)),
  )
}

const unsqueeze: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axes = axesOf(call, 13) ?? []
  const rank = x.shape.length + axes.length
  const added = new Set(axes.map((axis) => positionOf(call, axis, rank)))
  const lengths = [...x.shape]
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (lengths.shift() ?? 1))),
  )
}

const splitEqually = (call: Call, length: number): number[] => {
  const count = call.opset >= 18 ? intAttribute(call, 'num_outputs', outputCount(call)) : outputCount(call)
  const size = Math.ceil(length / count)
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, length - i * size)))
}

const split: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
  const lengths = call.opset >= 13 ? optionalNumbersAt(call, 1) : intsAttribute(call, 'split')
  return splitInto(x, lengths ?? splitEqually(call, x.shape[axis] as number), axis)
}

const clampTo = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value))

/** ONNX's bounds: negative ones count from the end, the rest is clamped; backwards a slice may end before the first element. */
const sliced: Converter = (call) => {
  const x = tensorAt(call, 0)
  const asInputs = call.opset >= 10
  const starts = asInputs ? numbersAt(call, 1) : (intsAttribute(call, 'starts') ?? [])
  const ends = asInputs ? numbersAt(call, 2) : (intsAttribute(call, 'ends') ?? [])
  const axes = (asInputs ? optionalNumbersAt(call, 3) : intsAttribute(call, 'axes')) ?? [...starts.keys()]
  const steps = (asInputs ? optionalNumbersAt(call, 4) : undefined) ?? starts.map(() => 1)
  const cuts = x.shape.map((length) => ({ start: 0, size: length, step: 1 }))
  axes.forEach((given, i) => {
    const axis = positionOf(call, given, x.shape.length)
    const length = x.shape[axis] as number
    const step = steps[i] ?? 1
    if (step === 0) fail(call, 'a slice step of 0 never ends')
    const at = (bound: number): number => (bound < 0 ? bound + length : bound)
    const start = step > 0 ? clampTo(at(starts[i] as number), 0, length) : clampTo(at(starts[i] as number), -1, length - 1)
    const end = step > 0 ? clampTo(at(ends[i] as number), 0, length) : clampTo(at(ends[i] as number), -1, length)
    cuts[axis] = { start, size: Math.max(0, Math.ceil((end - start) / step)), step }
  })
  return slice(
    x,
    cuts.map(({ start, size, step }) => {
      if (size === 0) return { start: 0, end: 0 }
      const end = start + size * step
      return { start, step, ...(end >= 0 ? { end } : {}) }
    }),
  )
}

const expand: Converter = (call) => {
  const x = tensorAt(call, 0)
  const asked = checkShape(call, numbersAt(call, 1))
  const target = broadcastShapes(x.shape, asked)
  return target === undefined
    ? fail(call, `shape [${x.shape.join(', ')}] does not broadcast to [${asked.join(', ')}]`)
    : broadcastTo(x, checkShape(call, target))
}

const tiled: Converter = (call) => {
  const x = tensorAt(call, 0)
  const repeats = call.opset >= 6 ? numbersAt(call, 1) : x.shape.map((_, axis) => (axis === numberAt(call, 2) ? numberAt(call, 1) : 1))
  if (repeats.length !== x.shape.length) return fail(call, `expected ${x.shape.length} repeats, got ${repeats.length}`)
  checkShape(call, repeats)
  checkShape(
    call,
    x.shape.map((length, axis) => length * (repeats[axis] as number)),
  )
  return tile(x, repeats)
}

const depthToSpace: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const block = intAttribute(call, 'blocksize', 1)
  const depth = channels / (block * block)
  if (x.shape.length !== 4 || !Number.isInteger(depth)) return fail(call, `expected [N, C, H, W] with C divisible by ${block * block}`)
  const columnFirst = stringAttribute(call, 'mode', 'DCR') === 'CRD'
  const parts = columnFirst ? [batch, depth, block, block, height, width] : [batch, block, block, depth, height, width]
  const order = columnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
  return reshape(transpose(reshape(x, parts), order), [batch, depth, height * block, width * block])
}

const spaceToDepth: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const block = intAttribute(call, 'blocksize', 1)
  if (x.shape.length !== 4 || height % block !== 0 || width % block !== 0)
    return fail(call, `expected [N, C, H, W] with H and W divisible by ${block}`)
  const parts = [batch, channels, height / block, block, width / block, block]
  const order = stringAttribute(call, 'mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
  return reshape(transpose(reshape(x, parts), order), [batch, channels * block * block, height / block, width / block])
}

const triangle: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [rows, columns] = [x.shape.at(-2) ?? fail(call, 'expected a matrix'), x.shape.at(-1) as number]
  const offset = optionalNumbersAt(call, 1)?.[0] ?? 0
  const isUpper = intAttribute(call, 'upper', 1) === 1
  checkShape(call, [rows, columns])
  const kept = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns)
    return Number(isUpper ? distance >= offset : distance <= offset)
  })
  return where(tensor(kept, { shape: [rows, columns] }), x, x.dtype === 'bool' ? false : 0)
}

/** Reverses the first `lengths[b]` steps of every sequence of a batch. */
const reverseSequence: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [time, batch] = [intAttribute(call, 'time_axis', 0), intAttribute(call, 'batch_axis', 1)]
  const [steps, count] = [x.shape[time] as number, x.shape[batch] as number]
  const lengths = numbersAt(call, 1)
  const order = Array.from({ length: steps }, (_, t) => lengths.map((length, b) => (t < length ? length - 1 - t : t) * count + b)).flat()
  const front = time === 0 ? x : transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)])
  const flat = reshape(front, [steps * count, ...x.shape.slice(2)])
  const reversed = reshape(gather(flat, tensor(Int32Array.from(order), { shape: [order.length] })), front.shape)
  return time === 0 ? reversed : transpose(reversed, [1, 0, ...[...x.shape.keys()].slice(2)])
}

const transposed: Converter = (call) => {
  const x = tensorAt(call, 0)
  const permutation = intsAttribute(call, 'perm')
  if (permutation !== undefined && [...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i))
    return fail(call, `[${permutation.join(', ')}] is not a permutation`)
  return permutation === undefined ? transpose(x) : transpose(x, permutation)
}

const joined: Converter = (call) => {
  const parts = tensorsAt(call)
  const [first] = parts
  if (first === undefined) return fail(call, 'expected at least one input')
  const axis = positionOf(call, optionalInt(call, 'axis') ?? 1, first.shape.length)
  // Exporters join empty lists in front of shapes.
  const full = parts.filter((part) => part.shape.length !== 1 || part.shape[0] !== 0 || parts.length === 1)
  return concat(full.length === 0 ? [first] : full, axis)
}

/** Operators that move elements and compute none. */
export const layout: Readonly<Record<string, Converter>> = {
  Concat: joined,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Flatten: flatten,
  Reshape: reshapeTo,
  ReverseSequence: reverseSequence,
  Slice: sliced,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tiled,
  Transpose: transposed,
  Trilu: triangle,
  Unsqueeze: unsqueeze,
}

/** Puts a vector of channels beside axis 1 of a tensor: `[C]` becomes `[C, 1, …]`. */
export const alongChannels = (x: Tensor, vector: Tensor): Tensor =>
  vector.shape.length === 1 ? reshape(vector, [vector.shape[0] as number, ...x.shape.slice(2).map(() => 1)]) : vector
