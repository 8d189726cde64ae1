import type { Constant } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { shareSession } from '../cache/sessions.ts'
import { loadRuntime } from '../runtime.ts'
import { createSession } from '../session.ts'
import { createSplitExecutor } from '../wasm/executor.ts'
import type { StepExecutor } from './executor.ts'
import { guardFor } from './finite.ts'
import type { OnNonFinite } from './finite.ts'
import { createGpuExecutor, gpuOutputLocations } from './gpu-executor.ts'
import { standIns } from './plan.ts'
import type { StepPlan } from './plan.ts'
import { createSessionExecutor } from './session-executor.ts'

/** How a plan runs, as plain data. */
export interface StartOptions {
  /** What the plan goes by, where programs of equal plans may share a session. */
  readonly key?: string | undefined
  readonly onNonFinite?: OnNonFinite | undefined
}

/**
 * Builds the session of a plan and what runs it, in this thread.
 *
 * @param initial the state to begin with
 */
export const startPlan = async (
  plan: StepPlan,
  initial: readonly Constant[],
  { key, onNonFinite }: StartOptions = {},
): Promise<StepExecutor> => {
  const guard = guardFor(onNonFinite, plan.stepsPerRun)
  const runtime = await loadRuntime()
  const state = standIns(plan.state)
  const graph: StepGraph = { inputs: [state, standIns(plan.batch)], outputs: [state, standIns(plan.outputs)] }
  if (plan.device === 'webgpu') {
    const session = await createSession(plan.model, { ...plan, outputLocations: gpuOutputLocations(graph) })
    return createGpuExecutor(runtime, session, graph, initial, plan.stepsPerRun, guard)
  }
  const session = await shareSession(key, () => createSession(plan.model, plan))
  if (plan.split === undefined) return createSessionExecutor(runtime, session, graph, initial, plan.stepsPerRun, guard)
  const { inputs, outputs } = plan.split.session
  const split = { ...plan.split, session: { inputs: standIns(inputs), outputs: standIns(outputs) } }
  return createSplitExecutor(runtime, session, graph, split, initial, plan.stepsPerRun, guard)
}
