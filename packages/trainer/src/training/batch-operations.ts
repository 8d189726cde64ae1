import type { Tree } from '@grad-ts/tree'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { batchesOf } from '../data/batches.ts'
import type { Batch } from '../data/batches.ts'
import { columnsOf } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'
import { openMeasurer } from './evaluate.ts'
import type { Evaluation } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import { alike, grouped } from './groups.ts'
import type { LiveState } from './live-state.ts'
import type { AnyObjective } from './objective.ts'
import { hasScalarLoss } from './plan.ts'
import { outputsStep } from './predict.ts'
import type { AnyModel } from './predict.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import type { BatchReport } from './session-types.ts'
import type { StepReport } from './step.ts'
import { tallierOf } from './tally.ts'
import { failUnlessFinite, failWhenSkipping, readUpdate } from './update.ts'

/** Cuts a batch into the parts of an update: equal ones, the last filled up with rows that count nothing. */
const partsOf = async (examples: Tree<Tensor>, count: number): Promise<Batch[]> => {
  const data = columnsOf(examples)
  const parts: Batch[] = []
  for await (const part of batchesOf(data, { batchSize: Math.ceil(data.size / count) })) parts.push(part)
  return parts
}

/** A scalar loss cannot tell padding from examples. */
const checkParts = (objective: AnyObjective, params: Tree<Tensor>, parts: readonly Batch[], accumulate: number): void => {
  const rows = parts.reduce((sum, { count }) => sum + count, 0)
  if (rows % accumulate !== 0 && hasScalarLoss(objective, params, parts[0] as Batch))
    throw new SettingsError('loss', `one value per example, as ${rows} rows cannot be cut into ${accumulate} equal parts`, 'a scalar')
}

/**
 * Makes the function that updates on batches; `session` and `live` belong to one run.
 *
 * @param params only their shapes are read
 */
export const makeUpdater = (
  objective: AnyObjective,
  params: Tree<Tensor>,
  session: Session,
  live: LiveState,
  accumulate: number,
): ((batches: readonly Tree<Tensor>[]) => Promise<BatchReport[]>) => {
  const tallier = tallierOf(objective.metrics)
  let skippedInARow = 0
  const report = async (update: StepReport, step: number): Promise<BatchReport> => {
    const { total, weight, loss, skipped, known } = readUpdate(update)
    skippedInARow = skipped ? skippedInARow + 1 : 0
    await failWhenSkipping(session, skippedInARow, step, known.lossScale !== undefined)
    const sums = tallier.add(tallier.empty, total, weight, update.metrics as Readonly<Record<string, Tree<Constant>>>)
    return { step, loss, metrics: tallier.result(sums).metrics, ...(skipped ? { skipped } : {}), ...known }
  }
  return async (batches) => {
    const updates = await Promise.all(batches.map((batch) => partsOf(batch, accumulate)))
    if (accumulate > 1) for (const parts of updates) checkParts(objective, params, parts, accumulate)
    const reports: BatchReport[] = []
    for await (const group of grouped(updates, updates.length, (a, b) => alike(a[0] as Batch, b[0] as Batch))) {
      const found = (await session.run(group)) as unknown as StepReport[]
      const before = live.step()
      live.advance(found.length)
      await failUnlessFinite(session, found, before)
      for (const [i, update] of found.entries()) reports.push(await report(update, before + i + 1))
    }
    return reports
  }
}

/** Makes the function that measures a batch with the present weights. */
export const makeTester = (
  objective: AnyObjective,
  live: LiveState,
  executor: ExecutorOptions,
): { readonly test: (examples: Tree<Tensor>) => Promise<Evaluation>; readonly dispose: () => Promise<void> } => {
  const { tallier, hold, add, dispose } = openMeasurer(objective, executor)
  const refresh = live.lend(hold)
  return {
    test: async (examples) => {
      await refresh()
      return tallier.result(await add(tallier.empty, await partsOf(examples, 1)))
    },
    dispose,
  }
}

/** Makes the function that computes the outputs of a model with the present weights. */
export const makePredictor = (
  model: AnyModel,
  live: LiveState,
  executor: ExecutorOptions,
): { readonly predict: (x: Tree<Tensor>) => Promise<Tree<Constant>>; readonly dispose: () => Promise<void> } => {
  const session = openSession(outputsStep(model), null, 1, executor)
  const refresh = live.lend((params, state) => session.setState({ params, model: state }))
  return {
    predict: async (x) => {
      await refresh()
      const [outputs = null] = await session.run([await partsOf(x, 1)])
      return outputs
    },
    dispose: session.dispose,
  }
}
