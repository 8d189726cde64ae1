import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'
import type { Example } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'
import { needOf } from '../policies/monitor.ts'
import type { Monitor } from '../policies/monitor.ts'
import type { CommonSettings } from './options.ts'
import { positiveInteger } from './settings.ts'

/** Refuses a monitor of something that the run does not measure: a rule that watches it would never act. */
const checkMonitor = (setting: string, monitor: Monitor, hasValidation: boolean, metrics: readonly string[]): void => {
  if (needOf(monitor) === 'validation' && !hasValidation)
    throw new SettingsError(setting, `validation data, of which '${monitor}' is measured`, 'no setting `validation`')
  const name = /^(?:validation\.)?metrics\.(.*)$/.exec(monitor)?.[1]
  if (name !== undefined && !metrics.includes(name))
    throw new SettingsError(setting, `one of the metrics ${metrics.join(', ') || '(there are none)'}`, `'${name}'`)
}

const checkDuration = ({ epochs, steps }: { readonly epochs?: unknown; readonly steps?: unknown }): void => {
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
  const { batchSize, accumulate, epochs, steps, stepsPerRun, shuffleBuffer, validation, policies = [], checkpoint } = settings
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
  for (const [path, value] of Object.entries(wholes)) if (value !== undefined) positiveInteger(path, value)
  for (const [i, { name, needs, monitor }] of policies.entries()) {
    const setting = `policies.${i} (${name})`
    if (needs === 'validation' && validation === undefined)
      throw new SettingsError(setting, 'validation data, which it reads', 'no setting `validation`')
    if (monitor !== undefined) checkMonitor(setting, monitor, validation !== undefined, metrics)
  }
  if (checkpoint?.keepBest !== undefined)
    checkMonitor('checkpoint.keepBest', checkpoint.keepBest.monitor, validation !== undefined, metrics)
}
