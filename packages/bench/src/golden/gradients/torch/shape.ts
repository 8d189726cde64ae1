import * as t from '@grad-ts/tensor'
import type { PadMode, Tensor } from '@grad-ts/tensor'
import { isNumber } from '../python/values.ts'
import { aliases, functions } from './arguments.ts'
import { joins } from './joining.ts'
import type { Arguments, Handler } from './arguments.ts'

export const axisOf = (x: Tensor, axis: number, extra = 0): number => (axis < 0 ? axis + x.shape.length + extra : axis)

const input = (a: Arguments): Tensor => a.tensor('input')

const viewed: Handler = (a) => t.reshape(input(a), a.numbers('shape'))

const flattened = (x: Tensor, start: number, end: number): Tensor => {
  const [from, to] = [axisOf(x, start), axisOf(x, end)]
  return x.shape.length === 0
    ? t.reshape(x, [1])
    : t.reshape(x, [...x.shape.slice(0, from), t.sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)])
}

const squeezed: Handler = (a) => {
  const x = input(a)
  if (!a.has('dim')) return t.squeeze(x)
  const axes = a.numbers('dim').map((axis) => axisOf(x, axis))
  return t.reshape(
    x,
    x.shape.filter((length, axis) => length !== 1 || !axes.includes(axis)),
  )
}

const moved: Handler = (a) => {
  const x = input(a)
  const [from, to] = ['source', 'destination'].map((name) => a.numbers(name).map((axis) => axisOf(x, axis))) as [number[], number[]]
  const others = [...x.shape.keys()].filter((axis) => !from.includes(axis))
  return t.transpose(
    x,
    [...x.shape.keys()].map((axis) => (to.includes(axis) ? (from[to.indexOf(axis)] as number) : (others.shift() as number))),
  )
}

const expanded = (x: Tensor, sizes: readonly number[]): Tensor => {
  const lead = sizes.length - x.shape.length
  return t.broadcastTo(
    x,
    sizes.map((length, axis) => (length === -1 ? (x.shape[axis - lead] as number) : length)),
  )
}

const selected = (x: Tensor, axis: number, index: number): Tensor => {
  const at = index < 0 ? index + (x.shape.at(axis) as number) : index
  return t.squeeze(t.sliceAxis(x, axis, { start: at, end: at + 1 }), axis)
}

const rolled: Handler = (a) => {
  const [x, shifts] = [input(a), a.numbers('shifts')]
  if (!a.has('dim')) return t.reshape(t.roll(t.reshape(x, [-1]), shifts[0] as number), x.shape)
  return a.numbers('dim').reduce((result, axis, i) => t.roll(result, shifts[i] as number, axis), x)
}

const rotated: Handler = (a) => {
  const [first, second] = a.numbers('dim') as [number, number]
  let x = input(a)
  for (let i = 0; i < ((a.number('k') % 4) + 4) % 4; i++) x = t.flip(t.swapAxes(x, first, second), first)
  return x
}

const diagonalOf = (x: Tensor, offset: number, first: number, second: number): Tensor => t.diagonal(x, { offset, axes: [first, second] })

/** A matrix with x on a diagonal, over two new axes. */
const embedded = (x: Tensor, offset: number, first = -2, second = -1): Tensor => {
  const size = (x.shape.at(-1) as number) + Math.abs(offset)
  const [above, below] = [Math.max(offset, 0), Math.max(-offset, 0)]
  const rows = t.pad(t.diagonalMatrix(x), [
    ...x.shape.slice(0, -1).map(() => [0, 0] as const),
    [below, size - below - (x.shape.at(-1) as number)],
    [above, size - above - (x.shape.at(-1) as number)],
  ])
  const rank = rows.shape.length
  const [to, from] = [(first + rank) % rank, (second + rank) % rank]
  const others = [...rows.shape.keys()].slice(0, -2)
  return t.transpose(
    rows,
    [...rows.shape.keys()].map((axis) => (axis === to ? rank - 2 : axis === from ? rank - 1 : (others.shift() as number))),
  )
}

const repeated: Handler = (a) => {
  const x = input(a)
  const counts = a.raw('repeats')
  const list = isNumber(counts) ? a.number('repeats') : a.numbers('repeats')
  const flat = a.has('dim') ? x : t.reshape(x, [-1])
  const times = typeof list === 'object' && list.length === 1 ? (list[0] as number) : list
  return t.repeat(flat, times, a.has('dim') ? a.number('dim') : 0)
}

const modes: Readonly<Record<string, PadMode>> = { reflect: 'reflect', replicate: 'edge', circular: 'circular' }

/** Widths come for the last axis first; negative ones cut. */
const padded: Handler = (a) => {
  const [x, widths] = [input(a), a.numbers('pad')]
  const pairs = x.shape.map((_, axis) => {
    const at = 2 * (x.shape.length - 1 - axis)
    return [widths[at] ?? 0, widths[at + 1] ?? 0] as const
  })
  const trimmed = t.slice(
    x,
    pairs.map(([before, after], axis) => ({ start: Math.max(0, -before), end: (x.shape[axis] as number) - Math.max(0, -after) })),
  )
  const positive = pairs.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const)
  const mode = modes[a.text('mode')]
  return mode === undefined ? t.pad(trimmed, positive, a.maybeNumber('value') ?? 0) : t.padWith(trimmed, positive, mode)
}

const shuffled: Handler = (a) => {
  const [x, r] = [input(a), a.number('upscale_factor')]
  const [batch, channels, height, width] = t.reshape(x, [-1, ...x.shape.slice(-3)]).shape as [number, number, number, number]
  const parts = t.reshape(x, [batch, channels / r ** 2, r, r, height, width])
  return t.reshape(t.transpose(parts, [0, 1, 4, 2, 5, 3]), [...x.shape.slice(0, -3), channels / r ** 2, height * r, width * r])
}

const unshuffled: Handler = (a) => {
  const [x, r] = [input(a), a.number('downscale_factor')]
  const [batch, channels, height, width] = t.reshape(x, [-1, ...x.shape.slice(-3)]).shape as [number, number, number, number]
  const parts = t.reshape(x, [batch, channels, height / r, r, width / r, r])
  return t.reshape(t.transpose(parts, [0, 1, 3, 5, 2, 4]), [...x.shape.slice(0, -3), channels * r ** 2, height / r, width / r])
}

const channelsShuffled: Handler = (a) => {
  const [x, groups] = [input(a), a.number('groups')]
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]]
  return t.reshape(t.swapAxes(t.reshape(x, [batch, groups, channels / groups, ...rest]), 1, 2), x.shape)
}

/** Windows along one axis as a new last axis. */
const windowed: Handler = (a) => {
  const [x, axis, size, step] = [input(a), axisOf(input(a), a.number('dimension')), a.number('size'), a.number('step')]
  const count = Math.floor(((x.shape[axis] as number) - size) / step) + 1
  const places = Int32Array.from({ length: count * size }, (_, i) => Math.floor(i / size) * step + (i % size))
  const found = t.gather(x, t.tensor(places, { shape: [count, size] }), axis)
  return t.transpose(found, [...[...found.shape.keys()].filter((i) => i !== axis + 1), axis + 1])
}

/** Writes a block into a tensor: what was there gets no gradient. */
const written = (x: Tensor, block: Tensor, ranges: readonly (readonly [number, number])[]): Tensor => {
  const widths = ranges.map(([start, end], axis) => [start, (x.shape[axis] as number) - end] as const)
  const shape = ranges.map(([start, end]) => end - start)
  const inside = t.equal(t.pad(t.full(shape, 1), widths), 1)
  return t.where(inside, t.pad(t.broadcastTo(block, shape), widths), x)
}

/** The ranges of a tensor's axes with one of them cut. */
const rangesWith = (x: Tensor, axis: number, start: number, end: number): (readonly [number, number])[] =>
  x.shape.map((length, i): readonly [number, number] => (i === axis ? [start, end] : [0, length]))

const selectWritten: Handler = (a) => {
  const [x, axis] = [input(a), axisOf(input(a), a.number('dim'))]
  const index = a.number('index')
  const at = index < 0 ? index + (x.shape[axis] as number) : index
  return written(x, t.expandDims(a.tensor('src'), axis), rangesWith(x, axis, at, at + 1))
}

const sliceWritten: Handler = (a) => {
  const [x, axis] = [input(a), axisOf(input(a), a.number('dim'))]
  const length = x.shape[axis] as number
  const bound = (value: number): number => Math.min(value < 0 ? value + length : value, length)
  if (a.number('step') !== 1) throw new TypeError('slice_scatter: only steps of 1')
  return written(x, a.tensor('src'), rangesWith(x, axis, bound(a.maybeNumber('start') ?? 0), bound(a.maybeNumber('end') ?? length)))
}

const base = functions({
  'broadcast_to(input, *size)': (a) => expanded(input(a), a.numbers('size')),
  'channel_shuffle(input, groups)': channelsShuffled,
  'combinations(input, r=2, with_replacement=False)': (a) => {
    const [size, again] = [input(a).shape[0] as number, a.flag('with_replacement')]
    const grow = (rows: readonly (readonly number[])[]): number[][] =>
      rows.flatMap((row) =>
        Array.from({ length: size }, (_, i) => i)
          .filter((i) => row.length === 0 || i > (row.at(-1) as number) - Number(again))
          .map((i) => [...row, i]),
      )
    let rows: readonly (readonly number[])[] = [[]]
    for (let i = 0; i < a.number('r'); i++) rows = grow(rows)
    return t.gather(input(a), t.tensor(rows as number[][], { dtype: 'int32' }))
  },
  'diag(input, diagonal=0)': (a) =>
    input(a).shape.length === 1 ? embedded(input(a), a.number('diagonal')) : diagonalOf(input(a), a.number('diagonal'), 0, 1),
  'diag_embed(input, offset=0, dim1=-2, dim2=-1)': (a) => embedded(input(a), a.number('offset'), a.number('dim1'), a.number('dim2')),
  'diagflat(input, offset=0)': (a) => embedded(t.reshape(input(a), [-1]), a.number('offset')),
  'diagonal(input, offset=0, dim1=0, dim2=1)': (a) => diagonalOf(input(a), a.number('offset'), a.number('dim1'), a.number('dim2')),
  'expand_as(input, other)': (a) => t.broadcastTo(input(a), a.tensor('other').shape),
  'flatten(input, start_dim=0, end_dim=-1)': (a) => flattened(input(a), a.number('start_dim'), a.number('end_dim')),
  'flip(input, *dims)': (a) => a.numbers('dims').reduce((x, axis) => t.flip(x, axis), input(a)),
  'fliplr(input)': (a) => t.flip(input(a), 1),
  'flipud(input)': (a) => t.flip(input(a), 0),
  'movedim(input, source, destination)': moved,
  'narrow(input, dim, start, length)': (a) => {
    const start = a.number('start')
    return t.sliceAxis(input(a), a.number('dim'), { start, end: start + a.number('length') })
  },
  "pad(input, pad, mode='constant', value=None)": padded,
  'permute(input, *dim)': (a) => t.transpose(input(a), a.numbers('dim')),
  'pixel_shuffle(input, upscale_factor)': shuffled,
  'pixel_unshuffle(input, downscale_factor)': unshuffled,
  'ravel(input)': (a) => t.reshape(input(a), [-1]),
  'repeat(input, *repeats)': (a) => t.tile(input(a), a.numbers('repeats')),
  'repeat_interleave(input, repeats, dim=None)': repeated,
  'reshape(input, *shape)': viewed,
  'reshape_as(input, other)': (a) => t.reshape(input(a), a.tensor('other').shape),
  'roll(input, shifts, dim=None)': rolled,
  'rot90(input, k=1, dim=None)': (a) => (a.has('dim') ? rotated(a) : t.flip(t.swapAxes(input(a), 0, 1), 0)),
  'select(input, dim, index)': (a) => selected(input(a), a.number('dim'), a.number('index')),
  'select_scatter(input, src, dim, index)': selectWritten,
  'slice_scatter(input, src, dim=0, start=None, end=None, step=1)': sliceWritten,
  'squeeze(input, dim=None)': squeezed,
  'swapaxes(input, dim0, dim1)': (a) => t.swapAxes(input(a), a.number('dim0'), a.number('dim1')),
  't(input)': (a) => (input(a).shape.length < 2 ? input(a) : t.swapAxes(input(a), 0, 1)),
  'tile(input, *dims)': (a) => {
    const [x, counts] = [input(a), a.numbers('dims')]
    return t.tile(x, [...Array.from({ length: Math.max(0, x.shape.length - counts.length) }, () => 1), ...counts])
  },
  'tril(input, diagonal=0)': (a) => t.tril(input(a), a.number('diagonal')),
  'triu(input, diagonal=0)': (a) => t.triu(input(a), a.number('diagonal')),
  'unflatten(input, dim, sizes)': (a) => {
    const [x, axis] = [input(a), axisOf(input(a), a.number('dim'))]
    const sizes = a.numbers('sizes')
    const known = t.sizeOf(sizes.filter((size) => size !== -1))
    return t.reshape(x, [
      ...x.shape.slice(0, axis),
      ...sizes.map((size) => (size === -1 ? (x.shape[axis] as number) / known : size)),
      ...x.shape.slice(axis + 1),
    ])
  },
  'unfold(input, dimension, size, step)': windowed,
  'unsqueeze(input, dim)': (a) => t.expandDims(input(a), a.number('dim')),
  'view_as(input, other)': (a) => t.reshape(input(a), a.tensor('other').shape),
})

/** Functions that move elements. */
export const shapes = new Map([
  ...joins,
  ...base,
  ...aliases(base, {
    broadcast_to: 'expand',
    movedim: 'moveaxis',
    reshape: 'view',
    swapaxes: 'transpose swapdims',
  }),
])
