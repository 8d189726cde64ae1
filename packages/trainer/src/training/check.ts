import type { Tree } from '@grad-ts/tree'
import { showShape, sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { CheckpointOptions } from '../checkpoints/options.ts'
import type { Example } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'
import { needOf } from '../policies/monitor.ts'
import type { Monitor } from '../policies/monitor.ts'
import type { Policy } from '../policies/policy.ts'
import { memoryBudgetOf } from './gradient-checkpointing.ts'
import type { AnyMetric } from './objective.ts'
import type { CommonSettings } from './options.ts'
import { positiveInteger } from './settings.ts'

/** Refuses a monitor of something that the run does not measure: a rule that watches it would never act. */
const checkMonitor = (setting: string, monitor: Monitor, hasValidation: boolean, metrics?: readonly string[]): void => {
  if (needOf(monitor) === 'validation' && !hasValidation)
    throw new SettingsError(setting, `validation data, of which '${monitor}' is measured`, 'none')
  const name = /^(?:validation\.)?metrics\.(.*)$/.exec(monitor)?.[1]
  if (name !== undefined && metrics?.includes(name) === false)
    throw new SettingsError(setting, `one of the metrics ${metrics.join(', ') || '(there are none)'}`, `'${name}'`)
}

/**
 * Refuses policies and checkpoints that read what is not measured.
 *
 * @param metrics the names of what is measured, where they are known
 */
export const checkReaders = (
  { policies = [], checkpoint }: { readonly policies?: readonly Policy[]; readonly checkpoint?: CheckpointOptions },
  hasValidation: boolean,
  metrics?: readonly string[],
): void => {
  for (const [i, { name, needs, monitor }] of policies.entries()) {
    const setting = `policies.${i}.${name}`
    if (monitor !== undefined) checkMonitor(`${setting}.monitor`, monitor, hasValidation, metrics)
    else if (needs === 'validation' && !hasValidation) throw new SettingsError(setting, 'validation data, which it reads', 'none')
  }
  if (checkpoint?.keepBest !== undefined) checkMonitor('checkpoint.keepBest.monitor', checkpoint.keepBest.monitor, hasValidation, metrics)
  const { resume, overwrite = false }: { readonly resume?: unknown; readonly overwrite?: boolean } = checkpoint ?? {}
  if (resume !== undefined && overwrite) throw new SettingsError('checkpoint.overwrite', 'either resume or overwrite', 'both')
}

export const checkDuration = ({ epochs, steps }: { readonly epochs?: unknown; readonly steps?: unknown }): void => {
  if (epochs !== undefined && steps !== undefined) throw new SettingsError('steps', 'either epochs or steps', 'both')
  if (epochs === undefined && steps === undefined) throw new SettingsError('epochs', 'either epochs or steps', 'neither')
}

/**
 * Checks at run time what the types of the settings say, for callers without types.
 *
 * @param metrics the names of what is measured
 * @throws {SettingsError} with the path of the setting, what was expected and what came
 */
export const checkSettings = <E extends Example, Params extends Tree<Tensor>>(
  settings: CommonSettings<E, Params>,
  metrics: readonly string[],
): void => {
  const { batchSize, accumulate, epochs, steps, stepsPerRun, shuffleBuffer, validation } = settings
  checkDuration(settings)
  const wholes = {
    batchSize,
    accumulate,
    epochs,
    steps,
    stepsPerRun,
    shuffleBuffer,
    'validation.everyEpochs': validation?.everyEpochs,
    'validation.batchSize': validation?.batchSize,
  }
  memoryBudgetOf(settings.gradientCheckpointing)
  for (const [path, value] of Object.entries(wholes)) if (value !== undefined) positiveInteger(path, value)
  checkReaders(settings, validation !== undefined, metrics)
}

/**
 * Refuses metrics that are more than one number: they have no place in a history.
 *
 * @throws {SettingsError}
 */
export const checkMetrics = (metrics: Readonly<Record<string, AnyMetric<never, never>>>): void => {
  for (const [name, metric] of Object.entries(metrics)) {
    const { shape } = metric.result(metric.empty)
    if (sizeOf(shape) !== 1)
      throw new SettingsError(
        `metrics.${name}`,
        'a metric whose result is one number',
        `one of shape ${showShape(shape)}; measure it with \`evaluate\``,
      )
  }
}
