import { isConstant, sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fitOf, isRepeatedWeight, isSafeDivision, isView, roundsNothing } from './half.ts'
import type { Fit } from './half.ts'
import type { MixedScan } from './scan.ts'
import { precisionRoles } from './table.ts'

/** What mixed precision does with the nodes of a graph. */
export interface Decisions {
  /** The float32 nodes that are computed in float16. */
  readonly half: ReadonlySet<Tensor>
  /** How the others could be had in float16. */
  readonly fits: ReadonlyMap<Tensor, Fit>
  /** Which version of its float32 operands a node takes. */
  readonly takesHalf: (node: Tensor) => boolean
}

export type MixedScans = ReadonlyMap<Tensor, MixedScan>

/** The operands that mixed precision is about. */
export const floatsOf = ({ op, inputs }: Tensor): readonly Tensor[] =>
  (precisionRoles[op] === 'first' ? inputs.slice(0, 1) : inputs).filter(({ dtype }) => dtype === 'float32')

const isProduct = (node: Tensor): boolean =>
  precisionRoles[node.op] === 'product' && node.dtype === 'float32' && (node as Tensor<'matmul'>).attributes.precision !== 'full'

const isFollower = ({ op }: Tensor): boolean => ['exact', 'between', 'first'].includes(precisionRoles[op])

/** Finds what reaches a product by way of ops that follow their operands. */
const onTheWay = (order: readonly Tensor[], scans: MixedScans): ReadonlySet<Tensor> => {
  const feeding = new Set<Tensor>()
  for (const node of order.toReversed()) {
    if (isProduct(node) || (isFollower(node) && feeding.has(node))) for (const operand of floatsOf(node)) feeding.add(operand)
    scans.get(node)?.half.forEach((i) => feeding.add(node.inputs[i] as Tensor))
  }
  return feeding
}

/** The widest operand wins, but what fits into float16 does not count as wide. */
const follows = (node: Tensor, half: ReadonlySet<Tensor>, fits: ReadonlyMap<Tensor, Fit>, feeds: boolean): boolean => {
  const operands = floatsOf(node)
  if (!isFollower(node) || !roundsNothing(node) || !operands.some((operand) => half.has(operand))) return false
  if (precisionRoles[node.op] !== 'between' && operands.every((operand) => half.has(operand) || fits.get(operand) === 'exact')) return true
  const fitting = operands.every((operand) => half.has(operand) || fits.get(operand) !== 'none' || isRepeatedWeight(operand, node))
  return feeds && fitting && isSafeDivision(node)
}

/** An exact op that is wanted in float16 alone rounds its operand instead of its result: that is less to move. */
const sinks = (node: Tensor): boolean => {
  const [operand, ...others] = floatsOf(node)
  if (operand === undefined || others.length > 0 || isConstant(operand) || !roundsNothing(node)) return false
  if (!['exact', 'first'].includes(precisionRoles[node.op])) return false
  return sizeOf(operand.shape) <= sizeOf(node.shape) || (node.op === 'slice' && isView(operand))
}

interface Wants {
  half: boolean
  full: boolean
}

/** Decides for every node whether it is computed in float16, from its operands on, then from its consumers back. */
export const decide = (order: readonly Tensor[], outputs: readonly Tensor[], scans: MixedScans): Decisions => {
  const [half, fits] = [new Set<Tensor>(), new Map<Tensor, Fit>()]
  const feeding = onTheWay(order, scans)
  for (const node of order) {
    if (node.dtype !== 'float32') continue
    fits.set(
      node,
      fitOf(
        node,
        floatsOf(node).map((operand) => (half.has(operand) ? 'none' : (fits.get(operand) as Fit))),
      ),
    )
    if (isProduct(node) || follows(node, half, fits, feeding.has(node))) half.add(node)
  }
  const takesHalf = (node: Tensor): boolean => {
    if (node.dtype === 'float32') return half.has(node)
    if (node.op === 'cast' && node.dtype === 'float16') return true
    const operands = floatsOf(node)
    const ready = operands.every((operand) => half.has(operand) || fits.get(operand) === 'exact')
    return ['reads', 'cast'].includes(precisionRoles[node.op]) && ready && operands.some((operand) => half.has(operand))
  }
  sinkCasts(order, outputs, scans, { half, fits, takesHalf })
  return { half, fits, takesHalf }
}

const sinkCasts = (
  order: readonly Tensor[],
  outputs: readonly Tensor[],
  scans: MixedScans,
  { half, fits, takesHalf }: Decisions & { readonly half: Set<Tensor> },
): void => {
  const wants = new Map<Tensor, Wants>()
  const want = (node: Tensor, half: boolean, full: boolean): void => {
    const known = wants.get(node) ?? { half: false, full: false }
    wants.set(node, { half: known.half || half, full: known.full || full })
  }
  for (const output of outputs) want(output, false, true)
  for (const node of order.toReversed()) {
    const wanted = wants.get(node) ?? { half: false, full: false }
    const isFixed = node.dtype !== 'float32' || half.has(node) || fits.get(node) !== 'none'
    if (!isFixed && wanted.half && !wanted.full && sinks(node)) half.add(node)
    const scan = scans.get(node)
    node.inputs.forEach((operand, i) => {
      if (scan !== undefined) want(operand, scan.half.has(i), !scan.half.has(i))
      else if (node.dtype === 'float32' && !half.has(node) && fits.get(node) !== 'none') want(operand, wanted.half, wanted.full)
      else want(operand, takesHalf(node), !takesHalf(node))
    })
  }
}
