import { leaves } from '@grad-ts/tree'
import { constantOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { SessionError } from '../errors.ts'
import type { Runtime } from '../runtime.ts'
import { copyOf, fromRuntime, toRuntime } from '../transfer.ts'
import { createArena } from './arena.ts'
import type { Arena } from './arena.ts'
import type { SplitStep } from './split.ts'

const arenaFor = (split: SplitStep): Arena => {
  try {
    return createArena(split)
  } catch (cause) {
    throw new SessionError('cpu', cause)
  }
}

/** Where the leaves of the state are: those that chains touch in the arena, the others as tensors of the runtime. */
export const createState = (
  runtime: typeof Runtime,
  split: SplitStep,
  graph: StepGraph,
  initial: readonly Constant[],
  keepsCopy: boolean,
) => {
  const arena = arenaFor(split)
  const types = leaves<Tensor>(graph.inputs[0])
  const isResident = types.map((_, index) => arena.has({ from: 'state', index }))
  const viewOf = (index: number): Float32Array => arena.view({ from: 'state', index })
  const tensors = initial.map((leaf, i) =>
    isResident[i] ? new runtime.Tensor('float32', viewOf(i), leaf.shape) : toRuntime(runtime, leaf),
  )
  const put = (i: number, value: Runtime.Tensor): void => {
    if (isResident[i]) viewOf(i).set(value.data as Float32Array)
    else tensors[i] = value
  }
  const write = (values: readonly Constant[]): void => values.forEach((value, i) => put(i, toRuntime(runtime, value)))
  /** The leaves where they lie, until the next step. */
  const peek = (): Constant[] =>
    types.map(({ shape, dtype }, i) =>
      isResident[i] ? constantOf(viewOf(i), shape, dtype) : fromRuntime(tensors[i] as Runtime.Tensor, shape, dtype),
    )
  const read = (): Constant[] => peek().map(copyOf)
  const stateBytes = new Uint8Array(arena.memory.buffer, 0, arena.stateBytes)
  const copy = new Uint8Array(keepsCopy ? arena.stateBytes : 0)
  /** Keeps a copy and gives what brings it back. */
  const keep = (): (() => void) => {
    copy.set(stateBytes)
    const before = [...tensors]
    return () => {
      stateBytes.set(copy)
      before.forEach((tensor, i) => (tensors[i] = tensor))
    }
  }
  write(initial)
  return { arena, types, tensors, put, write, peek, read, keep }
}

export type State = ReturnType<typeof createState>
