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

/**
 * Operations on single numbers in all chains of a step from which on several steps run faster as sessions with kernels than as one
 * loop inside the runtime: a run costs some 40 µs, and the runtime needs about 0.4 ns for such an operation.
 */
const worthLeavingTheLoop = 100_000

const operations = ({ updates }: SplitStep): number =>
  updates.reduce((total, { chain, length }) => total + length * chain.steps.filter((step) => 'operands' in step).length, 0)

/**
 * Splits a step when its kernels pay: on the cpu, when there are chains at all; for several steps in one run, when they are long
 * enough to make up for leaving the loop.
 */
export const planSplit = (graph: StepGraph, { fuse, device, stepsPerRun }: SplitOptions): SplitStep | undefined => {
  if (fuse === 'off' || device !== 'cpu') return undefined
  const split = splitStep(graph)
  const fits = arenaBytes(split) <= largestArena
  if (!fits || split.updates.length === 0 || split.session.outputs.length === 0) return undefined
  return stepsPerRun === undefined || operations(split) >= worthLeavingTheLoop ? split : undefined
}
