import type { StepGraph } from '@grad-ts/onnx'
import type { ConcreteDevice } from '../device.ts'
import { arenaBytes, largestArena } from './arena.ts'
import { splitStep } from './split.ts'
import type { SplitStep } from './split.ts'

/** Whether the elementwise end of a step (the update) may run as WebAssembly kernels: `auto` where that is faster, or `off`. */
export type Fuse = 'auto' | 'off'

/** What decides between one session and a session with kernels. */
export interface SplitOptions {
  readonly fuse: Fuse
  readonly device: ConcreteDevice
  readonly stepsPerRun: number | undefined
}

// What makes the difference between several steps in a loop inside the runtime and as sessions with kernels, in ns: an operation on one
// number costs the runtime this much more than a kernel, a number that the session hands out costs a copy, and a run costs itself.
const savedByOperation = 0.12
const lostByNumber = 1.2
const lostByRun = 40_000

/** Operations on single numbers in all chains. */
const operations = ({ updates }: SplitStep): number =>
  updates.reduce((total, { chain, length }) => total + length * chain.steps.filter((step) => 'operands' in step).length, 0)

/** Numbers that the session hands to the chains. */
const handed = ({ updates }: SplitStep): number =>
  updates.reduce((total, { tensors, length }) => total + length * tensors.filter(({ from }) => from === 'session').length, 0)

const beatsLoop = (split: SplitStep): boolean => savedByOperation * operations(split) - lostByNumber * handed(split) > lostByRun

/**
 * Splits a step when its kernels pay: on the cpu, for one step in a run when there are chains at all, since the new state then need not
 * be handed out; for several steps when the chains have enough to do for each number that the session hands to them.
 */
export const planSplit = (graph: StepGraph, { fuse, device, stepsPerRun }: SplitOptions): SplitStep | undefined => {
  if (fuse === 'off' || device !== 'cpu') return undefined
  const split = splitStep(graph)
  const fits = arenaBytes(split) <= largestArena
  if (!fits || split.updates.length === 0 || split.session.outputs.length === 0) return undefined
  return stepsPerRun === undefined || beatsLoop(split) ? split : undefined
}
