import type { Tree } from '@grad-ts/tree'
import { toNumber } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { settle } from '../internal/settle.ts'
import type { Session } from './session.ts'
import { bestParams } from './step.ts'
import type { TrainState } from './step.ts'

export type AnyState = TrainState<Tree<Tensor>, Tree<Tensor>>

/** The state of a training session while it changes. */
export interface LiveState {
  readonly read: () => Promise<AnyState>
  readonly write: (state: AnyState) => Promise<void>
  /** Says that updates were made. */
  readonly advance: (updates: number) => void
  /** Updates done. */
  readonly step: () => number
  /** Makes a function that gives others the present weights, unless they have them. */
  readonly lend: (give: (params: Tree<Constant>, model: Tree<Constant>) => Promise<void>) => () => Promise<void>
}

export const liveStateOf = (session: Session): LiveState => {
  let [steps, version] = [0, 0]
  const read = async (): Promise<AnyState> => (await session.state()) as unknown as AnyState
  return {
    read,
    write: async (state) => {
      await session.setState(settle(state) as unknown as Tree<Constant>)
      steps = toNumber(state.step)
      version += 1
    },
    advance: (updates) => {
      steps += updates
      version += 1
    },
    step: () => steps,
    lend: (give) => {
      let given = -1
      return async () => {
        if (given === version) return
        const state = await read()
        await give(bestParams(state) as Tree<Constant>, state.model as Tree<Constant>)
        given = version
      }
    },
  }
}
