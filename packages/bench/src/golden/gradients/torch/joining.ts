import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { Box, isNumber, numberOf } from '../python/values.ts'
import type { Value } from '../python/values.ts'
import { aliases, functions, promote } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'

const input = (a: Arguments): Tensor => a.tensor('input')

const joined = (parts: readonly Tensor[], axis: number): Tensor => {
  const filled = parts.filter(({ shape }) => !(shape.length === 1 && shape[0] === 0))
  const list = promote(
    filled.map((part) => new Box(part)),
    'float64',
  )
  return t.concat(list, axis)
}

const stacked = (parts: readonly Tensor[], axis: number): Tensor =>
  t.stack(
    promote(
      parts.map((part) => new Box(part)),
      'float64',
    ),
    axis,
  )

/** At least this many axes, the new ones in front (two) or around (three). */
const atLeast = (x: Tensor, rank: number): Tensor => {
  if (x.shape.length >= rank) return x
  if (rank === 3 && x.shape.length === 2) return t.expandDims(x, 2)
  if (rank === 3) return t.reshape(x, [1, t.sizeOf(x.shape), 1])
  return t.reshape(x, [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape])
}

const column = (x: Tensor): Tensor => (x.shape.length < 2 ? t.reshape(x, [-1, 1]) : x)

const cut = (x: Tensor, lengths: readonly number[], axis: number): Tensor[] => t.split(x, lengths, axis)

const splitBySize: Handler = (a) => {
  const [x, axis] = [input(a), a.number('dim')]
  const length = x.shape.at(axis) as number
  if (!isNumber(a.raw('split_size_or_sections'))) return cut(x, a.numbers('split_size_or_sections'), axis)
  const size = a.number('split_size_or_sections')
  return cut(
    x,
    Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size)),
    axis,
  )
}

const chunked: Handler = (a) => {
  const [x, axis] = [input(a), a.number('dim')]
  const length = x.shape.at(axis) as number
  const size = Math.ceil(length / a.number('chunks'))
  return cut(
    x,
    Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size)),
    axis,
  )
}

const splitAt = (x: Tensor, places: Value, axis: number): Tensor[] => {
  const length = x.shape.at(axis) as number
  if (isNumber(places)) {
    const count = numberOf(places)
    return cut(
      x,
      Array.from({ length: count }, (_, i) => Math.floor(length / count) + Number(i < length % count)),
      axis,
    )
  }
  const ends = [...(places as Value[]).map(numberOf).map((place) => Math.min(place < 0 ? place + length : place, length)), length]
  return cut(
    x,
    ends.map((end, i) => end - (ends[i - 1] ?? 0)),
    axis,
  )
}

const unbound = (x: Tensor, axis: number): Tensor[] =>
  Array.from({ length: x.shape.at(axis) as number }, (_, i) => t.squeeze(t.sliceAxis(x, axis, { start: i, end: i + 1 }), axis))

const meshed = (parts: readonly Tensor[], indexing: string): Tensor[] => {
  const shape = parts.map((part) => t.sizeOf(part.shape))
  const grids = parts.map((part, i) =>
    t.broadcastTo(
      t.reshape(
        part,
        shape.map((length, j) => (i === j ? length : 1)),
      ),
      shape,
    ),
  )
  return indexing === 'xy' ? grids.map((grid) => t.swapAxes(grid, 0, 1)) : grids
}

const base = functions({
  'atleast_1d(input)': (a) => atLeast(input(a), 1),
  'atleast_2d(input)': (a) => atLeast(input(a), 2),
  'atleast_3d(input)': (a) => atLeast(input(a), 3),
  'block_diag(*tensors)': (a) => {
    const parts = a.tensors('tensors').map((part) => atLeast(part, 2))
    const [rows, columns] = [0, 1].map((axis) => parts.reduce((total, { shape }) => total + (shape[axis] as number), 0)) as [number, number]
    let [row, col] = [0, 0]
    return parts
      .map((part) => {
        const [m, n] = part.shape as [number, number]
        const placed = t.pad(part, [
          [row, rows - row - m],
          [col, columns - col - n],
        ])
        row += m
        col += n
        return placed
      })
      .reduce((total, part) => t.add(total, part))
  },
  'broadcast_tensors(*tensors)': (a) => {
    const parts = a.tensors('tensors')
    const shape = parts.reduce<readonly number[]>((result, part) => t.broadcastShapes(result, part.shape) as number[], [])
    return parts.map((part) => t.broadcastTo(part, shape))
  },
  'cartesian_prod(*tensors)': (a) =>
    t.stack(
      meshed(a.tensors('tensors'), 'ij').map((grid) => t.reshape(grid, [-1])),
      1,
    ),
  'cat(tensors, dim=0)': (a) => joined(a.tensors('tensors'), a.number('dim')),
  'chunk(input, chunks, dim=0)': chunked,
  'column_stack(tensors)': (a) => joined(a.tensors('tensors').map(column), 1),
  'dsplit(input, indices_or_sections)': (a) => splitAt(input(a), a.raw('indices_or_sections'), 2),
  'dstack(tensors)': (a) =>
    joined(
      a.tensors('tensors').map((part) => atLeast(part, 3)),
      2,
    ),
  'hsplit(input, indices_or_sections)': (a) => splitAt(input(a), a.raw('indices_or_sections'), input(a).shape.length === 1 ? 0 : 1),
  'hstack(tensors)': (a) => {
    const parts = a.tensors('tensors').map((part) => atLeast(part, 1))
    return joined(parts, (parts[0] as Tensor).shape.length === 1 ? 0 : 1)
  },
  "meshgrid(*tensors, indexing='ij')": (a) => meshed(a.tensors('tensors'), a.text('indexing')),
  'split(input, split_size_or_sections, dim=0)': splitBySize,
  'stack(tensors, dim=0)': (a) => stacked(a.tensors('tensors'), a.number('dim')),
  'tensor_split(input, indices_or_sections, dim=0)': (a) => splitAt(input(a), a.raw('indices_or_sections'), a.number('dim')),
  'unbind(input, dim=0)': (a) => unbound(input(a), a.number('dim')),
  'vsplit(input, indices_or_sections)': (a) => splitAt(input(a), a.raw('indices_or_sections'), 0),
  'vstack(tensors)': (a) =>
    joined(
      a.tensors('tensors').map((part) => atLeast(part, 2)),
      0,
    ),
})

/** Functions that join tensors and cut them apart. */
export const joins = new Map([...base, ...aliases(base, { cat: 'concat concatenate', vstack: 'row_stack' })])
