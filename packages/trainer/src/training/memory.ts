import type { Tree } from '@grad-ts/tree'
import type { Constant } from '@grad-ts/tensor'
import type { Json } from '../policies/policy.ts'
import type { EpochRecord, History } from './events.ts'
import type { Tally } from './tally.ts'

/** What a run remembers besides its tensors. Together with the train state it is all that a resumed run needs. */
export interface RunMemory {
  /** Epochs that are complete. */
  epoch: number
  /** Updates done in the present epoch. */
  updates: number
  /** Updates done in all. */
  step: number
  /** Seconds spent in the present epoch. */
  seconds: number
  /** Updates left out in a row. */
  skipped: number
  /** Examples met in the present epoch. */
  examples: number
  tally: Tally
  readonly epochs: EpochRecord[]
  readonly steps: { readonly [Key in keyof History['steps']]: number[] }
  /** By position in the list of policies. */
  policies: Json[]
  /** The parameters that a policy asked to keep. */
  best: Tree<Constant>
}

/** The memory of a run that has not begun. */
export const newMemory = (tally: Tally, policies: readonly Json[]): RunMemory => ({
  epoch: 0,
  updates: 0,
  step: 0,
  seconds: 0,
  skipped: 0,
  examples: 0,
  tally,
  epochs: [],
  steps: { loss: [], learningRate: [], lossScale: [], gradientNorm: [], updateRatio: [] },
  policies: [...policies],
  best: null,
})

export const historyOf = ({ epochs, steps }: RunMemory): History => ({ epochs: [...epochs], steps })
