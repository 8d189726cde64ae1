import { leaves, mapWithPath, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { closeOver, inline } from './body.ts'
import { input } from './create.ts'
import { isFloat } from './dtype.ts'
import { DTypeError, ShapeError } from './errors.ts'
import { concat, reshape, slice, stack } from './layout.ts'
import type { OpAttributes } from './ops/attributes.ts'
import { sameShape, sizeOf } from './shape.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

export interface ScanOptions {
  /** How many steps; only needed when there are no sequences. */
  readonly length?: number
  /** Run from the last step to the first. Default false. */
  readonly reverse?: boolean
  /** Up to how many steps are written out in the graph; more become a loop. Default 16. */
  readonly unroll?: number
}

type Step = (carry: readonly Tensor[], cut: readonly Tensor[]) => readonly [readonly Tensor[], readonly Tensor[]]

const at = (x: Tensor, t: number): Tensor => reshape(slice(x, [{ start: t, end: t + 1 }]), x.shape.slice(1))

const order = (length: number, reverse: boolean): number[] => {
  const steps = Array.from({ length }, (_, t) => t)
  return reverse ? steps.reverse() : steps
}

/** Writes every step out. Gives the last carries, and for each kind of value its tensors in order of their place. */
const unrolled = (step: Step, init: readonly Tensor[], sequences: readonly Tensor[], length: number, reverse: boolean) => {
  let carry = init
  const carries: (readonly Tensor[])[] = []
  const outputs: (readonly Tensor[])[] = []
  for (const t of order(length, reverse)) {
    const [next, output] = step(
      carry,
      sequences.map((sequence) => at(sequence, t)),
    )
    carry = next
    carries[t] = next
    outputs[t] = output
  }
  return { carry, carries, outputs }
}

const stackEach = (steps: readonly (readonly Tensor[])[]): Tensor[] =>
  (steps[0] ?? []).map((_, i) => stack(steps.map((values) => values[i] as Tensor)))

/** Cuts the packed result of a scan (or a cotangent of it) into its parts: the carries, stacked or only the last, and the stacked outputs. */
export const unpackScan = (packed: Tensor, { body, carries, length, history }: OpAttributes['scan']): Tensor[] => {
  let start = 0
  return body.outputs.map(({ shape }, i) => {
    const full = i < carries && !history ? shape : [length, ...shape]
    const part = slice(packed, [{ start, end: (start += sizeOf(full)) }])
    return reshape(part, full)
  })
}

/** Writes the steps of a scan node out, for targets that have no loops. */
export const unrollScan = ({ inputs, attributes }: Pick<Tensor<'scan'>, 'inputs' | 'attributes'>): Tensor => {
  const { body, carries, sequences, length, history, reverse } = attributes
  const captured = inputs.slice(carries + sequences)
  const step: Step = (carry, cut) => {
    const outputs = inline(body, [...carry, ...cut, ...captured])
    return [outputs.slice(0, carries), outputs.slice(carries)]
  }
  const run = unrolled(step, inputs.slice(0, carries), inputs.slice(carries, carries + sequences), length, reverse)
  const parts = [...(history ? stackEach(run.carries) : run.carry), ...stackEach(run.outputs)]
  return concat(parts.map((part) => reshape(part, [-1])))
}

const lengthOf = (sequences: readonly Tensor[], length: number | undefined): number => {
  const found = length ?? sequences[0]?.shape[0]
  if (found === undefined) throw new ShapeError('scan', sequences, 'expected sequences with a first axis to walk along, or a length')
  if (sequences.some(({ shape }) => shape[0] !== found))
    throw new ShapeError('scan', sequences, `expected every sequence to have ${found} steps along its first axis`)
  return found
}

const checkCarry = (before: Tree<Tensor>, after: Tree<Tensor>): void => {
  mapWithPath(
    (path, old: Tensor, next: Tensor) => {
      const where = path === '' ? 'the carry' : `carry '${path}'`
      if (!sameShape(old.shape, next.shape))
        throw new ShapeError('scan', [old, next], `${where} changes its shape; a step must give the shape it takes`)
      if (old.dtype !== next.dtype)
        throw new DTypeError('scan', [old, next], `${where} changes its dtype; a step must give the dtype it takes`)
      return next
    },
    before,
    after,
  )
}

const placeholders = (prefix: string, tensors: readonly Tensor[], drop: number): Tensor[] =>
  tensors.map(({ shape, dtype }, i) => input(`${prefix}.${i}`, shape.slice(drop), dtype))

/** The loop form: one node, cut into its parts. An output that is itself a new carry is read from the carry's history. */
const looped = (
  step: Step,
  init: readonly Tensor[],
  sequences: readonly Tensor[],
  length: number,
  reverse: boolean,
): [Tensor[], Tensor[]] | undefined => {
  const carry = placeholders('carry', init, 0)
  const cut = placeholders('cut', sequences, 1)
  const [next, outputs] = step(carry, cut)
  const own = outputs.filter((output) => !next.includes(output))
  const { body, captured } = closeOver([...carry, ...cut], [...next, ...own])
  const floats = [...body.inputs, ...body.outputs].filter(({ dtype }) => isFloat(dtype))
  const [dtype] = body.outputs.map((output) => output.dtype)
  if (dtype === undefined || body.outputs.some((output) => output.dtype !== dtype) || floats.some((tensor) => tensor.dtype !== dtype))
    return undefined
  const scanned = node('scan', [...init, ...sequences, ...captured], {
    body,
    carries: init.length,
    sequences: sequences.length,
    length,
    history: true,
    reverse,
  })
  const parts = unpackScan(scanned, scanned.attributes)
  const last = parts.slice(0, init.length).map((history) => at(history, reverse ? 0 : length - 1))
  const stacked = outputs.map(
    (output) => (next.includes(output) ? parts[next.indexOf(output)] : parts[init.length + own.indexOf(output)]) as Tensor,
  )
  return [last, stacked]
}

/**
 * Repeats a step along the first axis of sequences, handing a carry on: the loop of recurrent networks, with a gradient.
 *
 * Long scans become one loop in the graph (a provider without loops gets the steps written out), short ones are written out.
 * Tensors that the step uses from outside take part in the gradient.
 *
 * @param step from the carry and one slice of the sequences to `[next carry, output]`; the carry keeps its shapes and dtypes
 * @param init the first carry
 * @param sequences a tree of tensors `[steps, …]`, or `null` with `options.length`
 * @returns the last carry, and the outputs stacked along a new first axis
 * @throws {ShapeError} when a step changes the shape of the carry, or the sequences differ in length
 * @example
 * import { add, scalar, scan, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const step = (total: Tensor, x: Tensor) => [add(total, x), add(total, x)] as const
 * const [last, sums] = scan(step, scalar(0), tensor([1, 2, 3]))
 * toArray(sums) // => [1, 3, 6]
 */
export const scan = <Carry extends Tree<Tensor>, Sequences extends Tree<Tensor>, Output extends Tree<Tensor>>(
  step: (carry: Carry, slices: Sequences) => readonly [Carry, Output],
  init: Carry,
  sequences: Sequences,
  { length, reverse = false, unroll = 16 }: ScanOptions = {},
): readonly [Carry, Output] => {
  const [carried, cuts] = [leaves<Tensor>(init), leaves<Tensor>(sequences)]
  const steps = lengthOf(cuts, length)
  let structure: Output | undefined
  const flat: Step = (carry, cut) => {
    const [next, output] = step(unflatten(init, carry) as Carry, unflatten(sequences, cut) as Sequences)
    checkCarry(init, next)
    structure = output
    return [leaves<Tensor>(next), leaves<Tensor>(output)]
  }
  if (steps === 0) throw new ShapeError('scan', cuts, 'expected at least one step')
  const loop = steps > unroll ? looped(flat, carried, cuts, steps, reverse) : undefined
  if (loop !== undefined) return [unflatten(init, loop[0]) as Carry, unflatten(structure as Output, loop[1]) as Output]
  const run = unrolled(flat, carried, cuts, steps, reverse)
  return [unflatten(init, run.carry) as Carry, unflatten(structure as Output, stackEach(run.outputs)) as Output]
}
