import type { Constant } from '@grad-ts/tensor'
import type { StepExecutor } from './executor.ts'

/** A state, and how many runs led to it. */
export interface Kept {
  readonly runs: number
  readonly state: readonly Constant[]
}

/** An executor that still knows a state when the thread or the device that held it is gone. */
export interface KeepingExecutor extends StepExecutor {
  /** Gives the state of now, or where that cannot be read any more the last one that was kept. */
  readonly latest: () => Promise<Kept>
}

/**
 * Keeps each state that passes by anyway: the initial one, and those that are read and written.
 *
 * @param every after how many runs the state is read to be kept; `false` keeps nothing
 */
export const keeping = (executor: StepExecutor, every: number | false | undefined, initial: readonly Constant[]): KeepingExecutor => {
  let runs = 0
  let kept: Kept | undefined
  const keep = <State extends readonly Constant[]>(state: State): State => {
    if (every !== false) kept = { runs, state }
    return state
  }
  const read = async (): Promise<Constant[]> => keep(await executor.read())
  keep(initial)
  return {
    run: async (batch) => {
      const outputs = await executor.run(batch)
      runs += 1
      // When it fails the next call tells why; these outputs are there.
      if (every !== undefined && every !== false && runs % every === 0) await read().catch(() => undefined)
      return outputs
    },
    read,
    write: async (state) => {
      await executor.write(state)
      keep(state)
    },
    latest: async () => {
      try {
        return { runs, state: await read() }
      } catch (error) {
        if (kept === undefined) throw error
        return kept
      }
    },
    dispose: executor.dispose,
  }
}
