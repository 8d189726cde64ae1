import { barrier, cast, concat, reshape, rebuild, sizeOf, slice } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Schedule } from './choose.ts'
import { isGiven } from './ledger.ts'
import type { Ledger, Line } from './ledger.ts'
import { bytesOf } from './size.ts'

/** Cuts an order into stretches in which not much is computed; what is computed again begins a new one. */
const stretchesOf = ({ lines }: Ledger, order: readonly number[], bytes: number): number[][] => {
  const stretches: number[][] = [[]]
  let [taken, wasAgain] = [0, false]
  for (const line of order) {
    const { bytes: size, again } = lines[line] as Line
    if (taken + size > bytes || (again && !wasAgain && taken > 0)) {
      stretches.push([])
      taken = 0
    }
    ;(stretches.at(-1) as number[]).push(line)
    taken += size
    wasAgain = again
  }
  return stretches
}

/** The lines of a stretch that nothing large in it depends on: when they have run, all that is large in it has. */
const endsOf = ({ lines }: Ledger, stretch: readonly number[], isLarge: (line: number) => boolean): number[] => {
  const covered = new Set<number>()
  const ends: number[] = []
  for (const line of stretch.toReversed()) {
    if (isLarge(line) && !covered.has(line)) ends.push(line)
    if (isLarge(line)) covered.add(line)
    if (covered.has(line)) for (const operand of (lines[line] as Line).operands) covered.add(operand)
  }
  return ends
}

/** The first element of a tensor, as a vector of one float32. */
const firstOf = (x: Tensor): Tensor => {
  const corner = slice(
    x,
    x.shape.map(() => ({ start: 0, end: 1 })),
  )
  const first = reshape(corner, [1])
  return x.dtype === 'float32' ? first : cast(first, 'float32')
}

const awaiting = (before: Tensor | undefined, ends: readonly Tensor[]): Tensor | undefined => {
  const parts = [...(before === undefined ? [] : [before]), ...ends.filter(({ shape }) => sizeOf(shape) > 0)].map(firstOf)
  return parts.length < 2 ? parts[0] : concat(parts, 0)
}

const smallest = (tensors: readonly Tensor[]): Tensor => tensors.reduce((least, one) => (bytesOf(one) < bytesOf(least) ? one : least))

/**
 * Writes a ledger as a graph that runs in the order of the ledger, as far as it matters for memory: whatever begins something large
 * waits for the stretch before its own. What is computed again waits too, so that nothing merges it with the first computation.
 *
 * @param stretch bytes that may be computed in any order
 * @param smallestHeld bytes from which on a result matters
 * @returns the outputs
 */
export const writeHeld = ({ ledger, order }: Schedule, stretch: number, smallestHeld: number): readonly Tensor[] => {
  const { lines, outputs } = ledger
  const lineAt = (i: number): Line => lines[i] as Line
  const written = new Map<number, Tensor>()
  const tensorOf = (line: number): Tensor => written.get(line) as Tensor
  // Ops that hold small things back would cost more than they save.
  const isLarge = (line: number): boolean =>
    [line, ...lineAt(line).operands].some((one) => lineAt(lineAt(one).storage).bytes >= smallestHeld)
  let token: Tensor | undefined
  for (const members of stretchesOf(ledger, order, stretch)) {
    const inside = new Set<number>()
    for (const line of members) {
      const { node, operands, again } = lineAt(line)
      if (isGiven(lineAt(line))) {
        written.set(line, node)
        continue
      }
      const given = operands.map(tensorOf)
      const begins = operands.length > 0 && !operands.some((operand) => inside.has(operand))
      const held = begins && token !== undefined && (again || isLarge(line)) ? smallest(given) : undefined
      const read = held === undefined ? given : given.map((operand) => (operand === held ? barrier(held, token as Tensor) : operand))
      written.set(line, read.every((operand, i) => operand === node.inputs[i]) && !again ? node : rebuild(node, read))
      inside.add(line)
    }
    token = awaiting(
      token,
      endsOf(
        ledger,
        members.filter((line) => !isGiven(lineAt(line))),
        isLarge,
      ).map(tensorOf),
    )
  }
  return outputs.map(tensorOf)
}
