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

const plain = (step: Step): string =>
  // JSON knows neither −0 nor NaN nor the infinities.
  JSON.stringify(step, (_, value: unknown) => (typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value))

/** Equal for chains that do the same. */
export const chainKey = ({ tensors, scalars, steps, results }: Chain): string =>
  `${tensors},${scalars}:${steps.map(plain).join()}:${results.join()}`
