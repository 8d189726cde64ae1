import type { ConcreteDevice } from '../device.ts'
import { providers } from './events.ts'

/** An op that runs on another device than the program. */
export interface PlacedOp {
  readonly op: string
  readonly name: string
  readonly device: ConcreteDevice
}

/** Where the runtime puts the nodes of a graph, after its own rewrites; the body of a loop counts once. */
export interface Placement {
  /** Nodes on each device. */
  readonly nodes: Readonly<Partial<Record<ConcreteDevice, number>>>
  /** The nodes that run on another device than the program, which costs copies. */
  readonly elsewhere: readonly PlacedOp[]
}

const header = /placed on \[(\w+)\]\. Number of nodes: (\d+)/
const entry = /VerifyEachNodeIsAssignedToAnEp\] {3}(\S+) \((.*)\)\s*$/

/** Collects the placement from lines that the runtime logs while it builds a session for a device. */
export const createPlacementReader = (device: ConcreteDevice) => {
  const nodes: Partial<Record<ConcreteDevice, number>> = {}
  const elsewhere: PlacedOp[] = []
  let current: ConcreteDevice = device
  const read = (line: string): void => {
    const [, provider, count] = header.exec(line) ?? []
    if (provider !== undefined) {
      current = providers[provider] ?? 'cpu'
      nodes[current] = (nodes[current] ?? 0) + Number(count)
    }
    const [, op, name] = entry.exec(line) ?? []
    if (op !== undefined && current !== device) elsewhere.push({ op, name: name as string, device: current })
  }
  return { read, placement: (): Placement => ({ nodes, elsewhere }) }
}
