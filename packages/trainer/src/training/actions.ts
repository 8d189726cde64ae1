import { get, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { scalar } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Example } from '../data/dataset.ts'
import type { Action } from '../policies/policy.ts'
import type { TrainEvent } from './events.ts'
import { isScheduleCount } from './learning-rate.ts'
import type { Run } from './run.ts'
import { bestParams } from './step.ts'
import type { TrainState } from './step.ts'

/** What is kept of the best moment. */
interface Best<Params, State> {
  readonly params: Params
  readonly model: State
}

/** Lets schedules begin again and leaves the moments, with the counts that correct them. */
const resetSchedules = (state: Tree<Tensor>, fresh: Tree<Tensor>): Tree<Tensor> =>
  mapWithPath((path, leaf: Tensor) => (isScheduleCount(state, path) ? (get(fresh, path) as Tensor) : leaf), state)

/** Does what a policy asked for; answers with an event when there is something to tell. */
export const act = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  run: Run<E, Params, State>,
  action: Action,
): Promise<TrainEvent | undefined> => {
  const { session, memory } = run
  const read = async () => (await session.state()) as unknown as TrainState<Params, State>
  const write = (state: TrainState<Params, State>) => session.setState(state as unknown as Tree<Constant>)
  const rateChange = (to: number, reason: string): TrainEvent => {
    const from = memory.steps.learningRate.at(-1) ?? 0
    return { tag: 'learningRateChanged', step: memory.step, from, to, reason }
  }
  switch (action.tag) {
    case 'stop':
      run.stop ??= action.reason
      return undefined
    case 'keepBest': {
      const state = await read()
      memory.best = { params: bestParams(state), model: state.model } as unknown as Tree<Constant>
      return undefined
    }
    case 'restoreBest': {
      const best = memory.best as unknown as Best<Params, State> | null
      if (best === null) return undefined
      const state = await read()
      await write({ ...state, params: best.params, model: best.model, average: state.average === null ? null : best.params })
      return undefined
    }
    case 'scaleUpdates': {
      const state = await read()
      const before = (state.scale as Constant).attributes.data[0] as number
      await write({ ...state, scale: scalar(action.scale) })
      return rateChange(((memory.steps.learningRate.at(-1) ?? 0) / before) * action.scale, action.reason)
    }
    case 'restartSolver': {
      const state = await read()
      const fresh = run.freshSolver(state.params)
      await write({ ...state, solver: action.keep === 'moments' ? resetSchedules(state.solver, fresh) : fresh })
      return rateChange(memory.steps.learningRate[0] ?? 0, action.reason)
    }
  }
}
