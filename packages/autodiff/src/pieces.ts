import { add, concat, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { pullBack } from './rules/table.ts'
import type { RuleContext } from './rules/rule.ts'

/** A cut along one axis whose cotangent waits for those of its neighbours. */
export interface Piece {
  readonly node: Tensor<'slice'>
  readonly cotangent: Tensor
  readonly axis: number
  readonly start: number
  readonly end: number
}

/** Tells along which axis a node cuts, if along one only and without steps. */
export const pieceOf = (node: Tensor, cotangent: Tensor): Piece | undefined => {
  if (node.op !== 'slice') return undefined
  const { starts, sizes, steps } = (node as Tensor<'slice'>).attributes
  const shape = (node.inputs[0] as Tensor).shape
  const cut = [...shape.keys()].filter((axis) => sizes[axis] !== shape[axis])
  const [axis] = cut
  if (axis === undefined || cut.length > 1 || steps.some((step) => step !== 1) || sizes[axis] === 0) return undefined
  const start = starts[axis] as number
  return { node: node as Tensor<'slice'>, cotangent, axis, start, end: start + (sizes[axis] as number) }
}

/** Sorts pieces into rows in which none overlaps the next. */
const rowsOf = (pieces: readonly Piece[]): Piece[][] => {
  const rows: Piece[][] = []
  for (const piece of pieces.toSorted((a, b) => a.start - b.start)) {
    const row = rows.find((others) => others[0]?.axis === piece.axis && (others.at(-1) as Piece).end <= piece.start)
    if (row === undefined) rows.push([piece])
    else row.push(piece)
  }
  return rows
}

/** Lays pieces side by side, with zeros in the gaps. */
const joined = (row: readonly Piece[], { shape }: Tensor): Tensor => {
  const { axis, cotangent } = row[0] as Piece
  const gap = (from: number, to: number): Tensor[] =>
    from === to
      ? []
      : [
          zeros(
            shape.map((length, i) => (i === axis ? to - from : length)),
            cotangent.dtype,
          ),
        ]
  const parts = row.flatMap((piece, i) => [...gap(row[i - 1]?.end ?? 0, piece.start), piece.cotangent])
  return concat([...parts, ...gap((row.at(-1) as Piece).end, shape[axis] as number)], axis)
}

/**
 * The gradient of a tensor that was cut into pieces: neighbours are joined by one concat, where each by itself
 * would be padded to the full size and added.
 */
export const gradientOfPieces = (pieces: readonly Piece[], operand: Tensor, context: RuleContext): Tensor =>
  rowsOf(pieces)
    .map((row) => {
      const [only] = row as [Piece]
      return row.length > 1 ? joined(row, operand) : (pullBack(only.cotangent, only.node, context)[0] as Tensor)
    })
    .reduce((total, part) => add(total, part))
