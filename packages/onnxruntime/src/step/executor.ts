import type { Constant } from '@grad-ts/tensor'

/** Runs steps over a state that it owns. Leaves come and go in canonical order; shapes were checked before. */
export interface StepExecutor {
  /** Runs the step (or K of them) on batch leaves and gives the output leaves. When it fails, the state is what it was. */
  readonly run: (batch: readonly Constant[]) => Promise<Constant[]>
  /** Gives copies, which the caller may keep or hand to another thread. */
  readonly read: () => Promise<Constant[]>
  readonly write: (state: readonly Constant[]) => Promise<void>
  readonly dispose: () => Promise<void>
}
