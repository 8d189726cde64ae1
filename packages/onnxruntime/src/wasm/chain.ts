import type { LaneOp, LaneType } from './ops.ts'

/** One value of a chain; operands are the numbers of earlier values. */
export type Step =
  | { readonly op: 'tensor'; readonly index: number }
  | { readonly op: 'scalar'; readonly index: number }
  | { readonly op: 'constant'; readonly value: number; readonly type: LaneType }
  | { readonly op: LaneOp; readonly operands: readonly number[]; readonly type: LaneType }

/**
 * Elementwise arithmetic on tensors of one length: a straight-line program without names or sizes, so that leaves
 * with the same update share it.
 */
export interface Chain {
  readonly tensors: number
  readonly scalars: number
  readonly steps: readonly Step[]
  /** Which values are stored, each to a tensor of its own. */
  readonly results: readonly number[]
}

const stepKey = (step: Step): string => {
  if ('operands' in step) return `${step.op} ${step.type} ${step.operands.join(' ')}`
  if (step.op === 'constant') return `constant ${step.type} ${Object.is(step.value, -0) ? '-0' : step.value}`
  return `${step.op} ${step.index}`
}

/** Equal for chains that do the same. */
export const chainKey = ({ tensors, scalars, steps, results }: Chain): string =>
  `${tensors},${scalars}:${steps.map(stepKey).join()}:${results.join()}`
