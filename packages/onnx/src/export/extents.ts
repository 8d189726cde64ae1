import { sameShape, topologicalOrder } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { DynamicExtents, Emitter } from '../emitter.ts'
import { DynamicBatchError } from './errors.ts'

/** The same function traced at several batch sizes. */
export interface Traces {
  readonly sizes: readonly number[]
  readonly outputs: readonly (readonly Tensor[])[]
}

// Lengths may follow the batch size in these attributes; every other one is the same for all sizes.
const followsBatch: ReadonlySet<string> = new Set(['shape', 'starts', 'sizes', 'before', 'after', 'length'])

const sameAttributes = (first: Tensor, other: Tensor): boolean => {
  if (first.op === 'constant') return sameConstant(first as Tensor<'constant'>, other as Tensor<'constant'>)
  const rest = (node: Tensor): string =>
    JSON.stringify(Object.entries(node.attributes).filter(([key]) => !followsBatch.has(key) && key !== 'body'))
  return rest(first) === rest(other)
}

const sameConstant = ({ attributes: first }: Tensor<'constant'>, { attributes: other }: Tensor<'constant'>): boolean =>
  sameShape(first.shape, other.shape) && first.data.every((value, i) => Object.is(value, other.data[i]))

const compare = (first: Tensor, other: Tensor): void => {
  if (first.op !== other.op) throw new DynamicBatchError(`it traces to '${first.op}' at one batch size and to '${other.op}' at another`)
  if (!sameAttributes(first, other))
    throw new DynamicBatchError(
      first.op === 'constant'
        ? 'a constant depends on the batch size, as in a mean over the batch'
        : `the parameters of '${first.op}' depend on it`,
    )
}

/** Finds for every node of the first trace the nodes that stand at its place in the others. */
const alignTraces = ({ outputs }: Traces): ReadonlyMap<Tensor, readonly Tensor[]> => {
  const [first, ...others] = outputs.map(topologicalOrder) as [Tensor[], ...Tensor[][]]
  for (const other of others)
    if (other.length !== first.length)
      throw new DynamicBatchError(`it has ${first.length} nodes at one batch size and ${other.length} at another`)
  return new Map(
    first.map((node, i) => {
      const rest = others.map((other) => other[i] as Tensor)
      for (const twin of rest) compare(node, twin)
      return [node, rest]
    }),
  )
}

/** A length as slope · batch + offset. */
const affine = (lengths: readonly number[], sizes: readonly number[], op: string): readonly [slope: number, offset: number] => {
  const slope = ((lengths[1] as number) - (lengths[0] as number)) / ((sizes[1] as number) - (sizes[0] as number))
  const offset = (lengths[0] as number) - slope * (sizes[0] as number)
  const fits = Number.isInteger(slope) && lengths.every((length, i) => length === slope * (sizes[i] as number) + offset)
  if (!fits) throw new DynamicBatchError(`a length in '${op}' is not a multiple of it (${lengths.join(', ')} for ${sizes.join(', ')})`)
  return [slope, offset]
}

/** Writes lengths of which some follow the batch: slopes · batch + offsets; a single one in a reshape is left to the runtime. */
const emitLengths = (
  emitter: Emitter,
  node: Tensor,
  lines: readonly (readonly [number, number])[],
  batch: (emitter: Emitter) => string,
): string => {
  const moving = lines.filter(([slope]) => slope !== 0)
  if (node.op === 'reshape' && moving.length === 1 && !node.shape.includes(0))
    return emitter.int64(lines.map(([slope, offset]) => (slope === 0 ? offset : -1)))
  const slopes = emitter.int64(lines.map(([slope]) => slope))
  const product = emitter.add('Mul', [batch(emitter), slopes])
  return lines.some(([, offset]) => offset !== 0)
    ? emitter.add('Add', [product, emitter.int64(lines.map(([, offset]) => offset))])
    : product
}

/**
 * Makes the writer of lengths for a model whose batch size is free.
 *
 * @param batch writes the batch size, as an int64 vector of one element
 */
export const dynamicExtents = (traces: Traces, batch: (emitter: Emitter) => string): DynamicExtents => {
  const twins = alignTraces(traces)
  return (emitter, node, read) => {
    const all = [node, ...(twins.get(node) ?? [])].map(read)
    const [first, ...others] = all as [readonly number[], ...(readonly number[])[]]
    if (others.every((other) => sameShape(first, other))) return undefined
    const lines = first.map((_, i) =>
      affine(
        all.map((lengths) => lengths[i] as number),
        traces.sizes,
        node.op,
      ),
    )
    return emitLengths(emitter, node, lines, batch)
  }
}

/** The shape of an output of the first trace, with the batch axis by its name. */
export const dynamicShape = ({ sizes, outputs }: Traces, index: number, batchName: string): (number | string)[] => {
  const shapes = outputs.map((trace) => (trace[index] as Tensor).shape)
  return (shapes[0] as readonly number[]).map((length, axis) => {
    const [slope, offset] = affine(
      shapes.map((shape) => shape[axis] as number),
      sizes,
      'output',
    )
    if (slope === 0) return length
    return slope === 1 && offset === 0 ? batchName : `${slope === 1 ? '' : `${slope}*`}${batchName}${offset === 0 ? '' : ` + ${offset}`}`
  })
}
