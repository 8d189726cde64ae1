import { setImmediate } from 'node:timers/promises'
import type { Tree } from '@grad-ts/tree'
import { foldIn } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { groupsOf } from '../data/batches.ts'
import type { Batch } from '../data/batches.ts'
import type { Example } from '../data/dataset.ts'
import { InterruptedError } from '../errors.ts'
import { exitCodeOf, reasonOf } from './interruption.ts'
import { act } from './actions.ts'
import type { EpochRecord, TrainEvent } from './events.ts'
import { ahead, alike, grouped } from './groups.ts'
import type { Run } from './run.ts'
import { snapshotOf } from './run.ts'
import { bestParams } from './step.ts'
import type { StepReport, TrainState } from './step.ts'
import { failUnlessFinite, failWhenSkipping, readUpdate } from './update.ts'

type Emitted = AsyncGenerator<TrainEvent, void>

/** Shows an event to the observers, one after another. */
export const tellObservers = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  { settings }: Run<E, Params, State>,
  event: TrainEvent,
): Promise<void> => {
  for (const observe of settings.observers ?? []) await observe(event)
}

/**
 * Shows an event to the observers and the policies, and does what the policies ask for.
 * Policies do not see what a resumed run has more or fewer of: starts and checkpoints.
 */
async function* emit<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  run: Run<E, Params, State>,
  event: TrainEvent,
): Emitted {
  yield event
  await tellObservers(run, event)
  if (event.tag === 'started' || event.tag === 'checkpoint') return
  for (const [i, { react }] of run.policies.entries()) {
    const { memory, actions } = react(run.memory.policies[i] ?? null, event)
    run.memory.policies[i] = memory
    for (const action of actions) {
      const followed = await act(run, action)
      if (followed !== undefined) yield* emit(run, followed)
    }
  }
}

/** Saves the run; nothing may change between its state and its memory. */
async function* save<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(run: Run<E, Params, State>): Emitted {
  if (run.checkpoints === undefined || run.checkpoints.savedStep() === run.memory.step) return
  const path = await run.checkpoints.save(await snapshotOf(run))
  yield* emit(run, { tag: 'checkpoint', step: run.memory.step, path })
}

const wantedSteps = ({ settings, memory }: Run<never, never, never>): number =>
  settings.steps === undefined ? Infinity : settings.steps - memory.step

const isDone = (run: Run<never, never, never>): boolean =>
  run.stop !== undefined || wantedSteps(run) <= 0 || (run.settings.epochs !== undefined && run.memory.epoch >= run.settings.epochs)

const anyRun = (run: unknown): Run<never, never, never> => run as Run<never, never, never>

/** Takes the report of one update into the memory. */
const record = <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  { memory, tallier }: Run<E, Params, State>,
  report: StepReport,
  group: readonly Batch[],
): TrainEvent => {
  const { total, weight, loss, skipped, known } = readUpdate(report)
  const examples = group.reduce((sum, { count }) => sum + count, 0)
  memory.skipped = skipped ? memory.skipped + 1 : 0
  memory.step += 1
  memory.updates += 1
  memory.examples += examples
  memory.tally = tallier.add(memory.tally, total, weight, report.metrics as Readonly<Record<string, Tree<Constant>>>)
  memory.steps.loss.push(loss)
  for (const [name, value] of Object.entries(known)) memory.steps[name as keyof typeof known].push(value)
  const { step, updates: batch, epoch } = memory
  return { tag: 'step', step, epoch: epoch + 1, batch, examples, loss, ...(skipped ? { skipped } : {}), ...known }
}

const groupsOfEpoch = <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>({
  settings,
  plan,
  memory,
  orderKey,
}: Run<E, Params, State>): AsyncGenerator<Batch[][]> => {
  const { shuffle = true, shuffleBuffer } = settings
  const updates = groupsOf(settings.data, plan.accumulate, {
    batchSize: plan.batchSize,
    pad: plan.pad,
    skip: memory.updates,
    ...(shuffle ? { key: foldIn(orderKey, memory.epoch) } : {}),
    ...(shuffleBuffer === undefined ? {} : { shuffleBuffer }),
  })
  return grouped(updates, plan.stepsPerRun, (a, b) => alike(a[0] as Batch, b[0] as Batch))
}

/** Trains to the end of the epoch, or until something stops the run. Answers whether the epoch is complete. */
async function* trainEpoch<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  run: Run<E, Params, State>,
): AsyncGenerator<TrainEvent, void> {
  const { memory, session, settings, plan, checkpoints } = run
  for await (const groups of ahead(groupsOfEpoch(run))) {
    if (settings.signal?.aborted === true) {
      yield* save(run)
      const reason = reasonOf(settings.signal)
      throw new InterruptedError(reason, memory.step, exitCodeOf(reason), checkpoints !== undefined)
    }
    const started = performance.now()
    const wanted = groups.slice(0, wantedSteps(anyRun(run)))
    const reports = (await session.run(wanted)) as unknown as StepReport[]
    await failUnlessFinite(session, reports, memory.step)
    memory.seconds += (performance.now() - started) / 1000
    for (const [i, report] of reports.entries()) yield* emit(run, record(run, report, wanted[i] as Batch[]))
    await failWhenSkipping(session, memory.skipped, memory.step, memory.steps.lossScale.length > 0)
    const isEnd = memory.updates === plan.stepsPerEpoch
    if (!isEnd && checkpoints?.isDue({ step: memory.step }) === true) yield* save(run)
    // Lets timers and signals in between two runs.
    await setImmediate()
    if (isDone(anyRun(run))) return
  }
}

/** Closes an epoch: validation, its record, and a clean sheet for the next. */
async function* closeEpoch<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  run: Run<E, Params, State>,
): Emitted {
  const { memory, evaluator, session, settings, tallier } = run
  const epoch = memory.epoch + 1
  const isDue = evaluator !== undefined && (epoch % (settings.validation?.everyEpochs ?? 1) === 0 || epoch === settings.epochs)
  const state = isDue ? ((await session.state()) as unknown as TrainState<Params, State>) : undefined
  const measured = state === undefined ? undefined : await evaluator?.measure(bestParams(state), state.model)
  const validation = measured === undefined ? undefined : tallier.result(measured)
  if (validation !== undefined) yield* emit(run, { tag: 'evaluation', step: memory.step, epoch, ...validation })
  const rate = memory.steps.learningRate.at(-1)
  const closed: EpochRecord = {
    epoch,
    step: memory.step,
    ...tallier.result(memory.tally),
    ...(validation === undefined ? {} : { validation }),
    ...(rate === undefined ? {} : { learningRate: rate }),
    seconds: memory.seconds,
    examples: memory.examples,
  }
  memory.epochs.push(closed)
  Object.assign(memory, { epoch, updates: 0, seconds: 0, examples: 0, tally: tallier.empty })
  yield* emit(run, { tag: 'epoch', record: closed })
  if (run.checkpoints?.isDue({ step: memory.step, record: closed }) === true) yield* save(run)
}

/** Trains until the wanted epochs or steps are done or a policy stops the run; yields what happens, in order. */
export async function* trainLoop<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  run: Run<E, Params, State>,
): Emitted {
  const { memory, plan, settings, scalars } = run
  yield* emit(run, { tag: 'started', step: memory.step, epochs: settings.epochs, stepsPerEpoch: plan.stepsPerEpoch, parameters: scalars })
  while (!isDone(anyRun(run))) {
    const before = memory.step
    yield* trainEpoch(run)
    // No data: only a run that was saved at the very end of an epoch has one to close.
    if (memory.step === before && memory.updates === 0) break
    yield* closeEpoch(run)
  }
  yield* save(run)
  yield* emit(run, { tag: 'stopped', step: memory.step, reason: run.stop ?? { tag: 'finished' } })
}
