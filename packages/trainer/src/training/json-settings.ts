import * as E from 'fp-ts/lib/Either.js'
import type { DynamicLossScaleOptions } from '@grad-ts/optim'
import type { CheckpointOptions } from '../checkpoints/options.ts'
import type { Dataset, Example } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'
import { either, flag, list, named, number, oneOf, record, shape, text, whole } from '../internal/decoders.ts'
import type { Decoder } from '../internal/decoders.ts'
import { hasTag, valueOrThrow } from '../internal/edge.ts'
import { earlyStopping } from '../policies/early-stopping.ts'
import { reduceOnPlateau, resetOnSaturation } from '../policies/learning-rate.ts'
import type { Monitor } from '../policies/monitor.ts'
import type { Policy } from '../policies/policy.ts'
import { checkDuration, checkReaders } from './check.ts'
import type { CommonOptions, Duration, Precise, SolverSpec, ValidationOptions } from './options.ts'
import type { ParameterGroup } from './parameter-groups.ts'
import { checkPrecision } from './precision.ts'

/** Settings of `fit` that are neither code nor data. */
type PlainOptions = Pick<
  CommonOptions<Example, null>,
  | 'solver'
  | 'batchSize'
  | 'seed'
  | 'shuffle'
  | 'shuffleBuffer'
  | 'accumulate'
  | 'stepsPerRun'
  | 'average'
  | 'monitor'
  | 'onNonFinite'
  | 'gradientCheckpointing'
  | 'groups'
  | 'device'
  | 'threads'
  | 'worker'
  | 'precision'
>

interface JsonSettings extends Omit<PlainOptions, 'solver'> {
  readonly solver: SolverSpec
  readonly freeze?: readonly string[]
  readonly lossScale?: number | DynamicLossScaleOptions
  readonly epochs?: number
  readonly steps?: number
  readonly validation?: { readonly everyEpochs?: number; readonly batchSize?: number }
  readonly policies?: readonly Policy[]
  readonly checkpoint?: CheckpointOptions
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isNumber = (value: unknown): boolean => typeof value === 'number'

const monitor: Decoder<Monitor> = (path, value) => {
  const name = text(path, value)
  if (/^(?:validation\.)?(?:loss|metrics\..+)$/.test(name)) return name as Monitor
  throw new SettingsError(path, 'loss, validation.loss, metrics.NAME or validation.metrics.NAME', `'${name}'`)
}

const mode = oneOf('min', 'max')
const count = number('a whole number of at least 0', (value) => Number.isSafeInteger(value) && value >= 0)
const watch = { monitor, mode, patience: count, minDelta: number() }

/** Makes the policy of decoded options; without a monitor it has nothing to watch. */
const policyOf =
  <Options extends { readonly monitor: Monitor }>(options: Decoder<Options>, make: (options: Options) => Policy): Decoder<Policy> =>
  (path, value) => {
    const decoded = options(path, value)
    if ((decoded as Partial<Options>).monitor === undefined) throw new SettingsError(`${path}.monitor`, 'what to watch', 'nothing')
    return make(decoded)
  }

const policy = named<Policy>({
  earlyStopping: policyOf(shape({ ...watch, restoreBest: flag }), earlyStopping),
  reduceOnPlateau: policyOf(shape({ ...watch, factor: number(), minScale: number() }), reduceOnPlateau),
  resetOnSaturation: policyOf(
    shape({ ...watch, moments: oneOf('keep', 'reset'), params: oneOf('keep', 'best'), times: count }),
    resetOnSaturation,
  ),
})

const patterns = list(text)

const checkpoint = shape<CheckpointOptions>({
  folder: text,
  everySteps: whole,
  everyEpochs: whole,
  everyMinutes: number('a number above 0', (value) => value > 0),
  keep: whole,
  keepBest: shape({ monitor, mode }),
  resume: oneOf('latest', 'lastGood'),
  overwrite: flag as Decoder<never>,
})

// Whether scale and solver go together is judged when the run begins.
const group = shape({
  params: either(isText, text, patterns),
  scale: number(),
  solver: record,
}) as Decoder<object> as Decoder<ParameterGroup>

const settings = shape<JsonSettings>({
  epochs: whole,
  steps: whole,
  solver: record,
  groups: list(group),
  freeze: patterns,
  batchSize: whole,
  seed: number('a whole number', Number.isSafeInteger),
  shuffle: flag,
  shuffleBuffer: whole,
  accumulate: whole,
  stepsPerRun: whole,
  average: shape({ decay: number('a number from 0 to below 1', (value) => value >= 0 && value < 1) }),
  monitor: flag,
  onNonFinite: oneOf('fail', 'skip'),
  gradientCheckpointing: either(isFlag, flag, shape({ budget: number('a positive number of bytes', (value) => value > 0) })),
  device: oneOf('auto', 'cpu', 'cuda', 'webgpu', 'interpreter'),
  threads: whole,
  worker: flag,
  precision: oneOf('float32', 'mixed'),
  lossScale: either(isNumber, number(), record as Decoder<DynamicLossScaleOptions>),
  validation: shape({ everyEpochs: whole, batchSize: whole }),
  policies: list(policy),
  checkpoint,
})

/** What does not depend on data: it goes with model, loss and data into `fit`. */
export type DecodedSettings = PlainOptions &
  Precise &
  Duration & {
    readonly freeze?: readonly string[]
    readonly policies?: readonly Policy<'nothing'>[]
    readonly checkpoint?: CheckpointOptions<'nothing'>
  }

/** The same for a run with validation data. */
export type ValidatedSettings<E extends Example> = PlainOptions &
  Precise &
  Duration & {
    readonly freeze?: readonly string[]
    readonly validation: ValidationOptions<E>
    readonly policies?: readonly Policy[]
    readonly checkpoint?: CheckpointOptions
  }

const decoded = (json: unknown, data: Dataset | undefined): object => {
  const { validation, ...rest } = settings('', json)
  checkDuration(rest)
  if ((rest as Partial<JsonSettings>).solver === undefined) throw new SettingsError('solver', 'the spec of a transformation', 'nothing')
  if (rest.checkpoint !== undefined && (rest.checkpoint as Partial<CheckpointOptions>).folder === undefined)
    throw new SettingsError('checkpoint.folder', 'a folder', 'nothing')
  if (validation !== undefined && data === undefined)
    throw new SettingsError('validation', 'nothing, as there are no validation data', 'settings')
  checkPrecision(rest)
  checkReaders(rest, data !== undefined)
  return { ...rest, ...(data === undefined ? {} : { validation: { ...validation, data } }) }
}

/**
 * Checks settings that come as JSON, from a file or a request, for `fit`.
 *
 * @param json the settings of `fit` by name; policies as `{ "earlyStopping": { "monitor": "validation.loss" } }`, solvers as specs
 * @param options.validation the data of which values such as `validation.loss` are measured
 * @returns settings to be spread beside model, loss and data; or an error with the path, what was expected and what came
 */
export function decodeSettings(json: unknown): E.Either<SettingsError, DecodedSettings>
export function decodeSettings<X extends Example>(
  json: unknown,
  options: { readonly validation: Dataset<X> },
): E.Either<SettingsError, ValidatedSettings<X>>
export function decodeSettings(json: unknown, { validation }: { readonly validation?: Dataset } = {}): E.Either<SettingsError, object> {
  const isSettingsError = hasTag<SettingsError>('SettingsError')
  return E.tryCatch(
    () => decoded(json, validation),
    (error) => {
      if (isSettingsError(error)) return error
      throw error
    },
  )
}

/**
 * Checks settings that come as JSON, and throws a `SettingsError` that names what is wrong.
 *
 * @example
 * import { dense, meanSquaredError } from '@grad-ts/nn'
 * import { tensor } from '@grad-ts/tensor'
 * import { decodeSettingsOrThrow, fitOrThrow, fromColumns } from '@grad-ts/trainer'
 * const settings = decodeSettingsOrThrow(JSON.parse('{ "epochs": 2, "batchSize": 1, "solver": { "sgd": { "learningRate": 0.1 } } }'))
 * const data = fromColumns({ x: tensor([[1], [2]]), y: tensor([[2], [4]]) })
 * const run = await fitOrThrow({ model: dense({ in: 1, out: 1 }), loss: meanSquaredError, data, ...settings })
 * run.loss.length // => 4
 */
export function decodeSettingsOrThrow(json: unknown): DecodedSettings
export function decodeSettingsOrThrow<X extends Example>(json: unknown, options: { readonly validation: Dataset<X> }): ValidatedSettings<X>
export function decodeSettingsOrThrow(json: unknown, options?: { readonly validation: Dataset }): object {
  return valueOrThrow((decodeSettings as (json: unknown, options?: object) => E.Either<SettingsError, object>)(json, options))
}
