import { isConstant, topologicalOrder } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Target } from '../../emitter.ts'
import { bytesOf, isInPlace, isView, workspaceOf } from './size.ts'
import { workOf } from './work.ts'

/** A node as the estimates see it. Nodes go by numbers. */
export interface Line {
  readonly node: Tensor
  readonly operands: readonly number[]
  /** Bytes that its result takes; 0 for views, and for what is there anyway: inputs and constants. */
  readonly bytes: number
  /** The line whose memory holds the result: its own number, but for views. */
  readonly storage: number
  readonly workspace: number
  readonly inPlace: boolean
  readonly work: number
  /** Whether it computes again what another line computes. */
  readonly again: boolean
}

/** A graph as numbers. */
export interface Ledger {
  readonly lines: readonly Line[]
  readonly outputs: readonly number[]
}

/** Whether a line is there before the graph runs. */
export const isGiven = ({ node }: Line): boolean => node.op === 'input' || isConstant(node)

const depthsOf = (order: readonly Tensor[]): ReadonlyMap<Tensor, number> => {
  const depths = new Map<Tensor, number>()
  for (const node of order)
    depths.set(
      node,
      node.inputs.reduce((deepest, operand) => Math.max(deepest, (depths.get(operand) as number) + 1), 0),
    )
  return depths
}

/** Lists outputs that are known early first, so that an order made from them need not keep their operands. */
export const shallowFirst = (outputs: readonly Tensor[]): readonly Tensor[] => {
  const depths = depthsOf(topologicalOrder(outputs))
  return outputs.toSorted((a, b) => (depths.get(a) as number) - (depths.get(b) as number))
}

/** Writes a graph as a ledger. */
export const ledgerOf = (outputs: readonly Tensor[], target: Target): Ledger => {
  const order = topologicalOrder(outputs)
  const numbers = new Map(order.map((node, i) => [node, i]))
  const lines: Line[] = []
  for (const node of order) {
    const operands = node.inputs.map((operand) => numbers.get(operand) as number)
    const view = isView(node, target) ? lines[operands[0] as number] : undefined
    const given = node.op === 'input' || isConstant(node)
    lines.push({
      node,
      operands,
      bytes: given || view !== undefined ? 0 : bytesOf(node),
      storage: view?.storage ?? lines.length,
      workspace: given ? 0 : workspaceOf(node),
      inPlace: isInPlace(node),
      work: workOf(node),
      again: false,
    })
  }
  return { lines, outputs: outputs.map((output) => numbers.get(output) as number) }
}
