import { isTensor } from '@grad-ts/tensor'
import * as E from 'fp-ts/lib/Either.js'
import { SpecError } from '../errors.ts'
import { received } from '../fields.ts'
import type { Field } from '../fields.ts'
import type { DefinedSchedule } from '../schedules/define.ts'
import type { GradientTransformation, Origin, Schedule } from '../transformation.ts'
import { isRecord, numberToJson } from './json.ts'
import type { Json } from './json.ts'
import { scheduleTable } from './schedules.ts'
import { transformationTable } from './transformations.ts'

type Fields = Readonly<Record<string, Field>>

const plain = (path: string, value: unknown): Json => {
  if (typeof value === 'number') return numberToJson(value)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map((each, i) => plain(`${path}[${i}]`, each))
  if (isRecord(value) && !isTensor(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(`${path}.${key}`, each)]))
  throw new SpecError(path, 'a value with a JSON form', received(value))
}

const originOf = (path: string, value: unknown, kind: string): Origin => {
  const { origin } = (value ?? {}) as { readonly origin?: Origin }
  if (origin === undefined) throw new SpecError(path, `${kind} made by a factory of this package`, received(value))
  return origin
}

const records = (path: string, value: unknown, encode: (path: string, value: unknown) => Json): Json =>
  Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, encode(`${path}.${key}`, each)]))

const scheduleJson = (path: string, value: unknown): Json => {
  const { name, options } = originOf(path, value, 'a schedule')
  return { [name]: optionsJson(`${path}.${name}`, scheduleTable[name]?.fields ?? {}, options) }
}

const transformationJson = (path: string, value: unknown): Json => {
  const { name, options } = originOf(path, value, 'a transformation')
  const at = path === '' ? name : `${path}.${name}`
  if (name === 'injectHyperparams') return { [name]: injectedJson(at, options) }
  if (name === 'chain') return { chain: listJson(at, options['transformations'], transformationJson) }
  return { [name]: optionsJson(at, transformationTable[name]?.fields ?? {}, options) }
}

const injectedJson = (path: string, { factory, options }: Readonly<Record<string, unknown>>): Json => {
  const name = factory as string
  return { [name]: optionsJson(`${path}.${name}`, transformationTable[name]?.fields ?? {}, options as Readonly<Record<string, unknown>>) }
}

const listJson = (path: string, values: unknown, encode: (path: string, value: unknown) => Json): Json =>
  (values as readonly unknown[]).map((each, i) => encode(`${path}[${i}]`, each))

const fieldJson = (path: string, kind: Field['kind'], value: unknown): Json => {
  switch (kind) {
    case 'transformation':
      return transformationJson(path, value)
    case 'transformations':
      return listJson(path, value, transformationJson)
    case 'transformationMap':
      return records(path, value, transformationJson)
    case 'schedules':
      return listJson(path, value, scheduleJson)
    case 'schedule':
    case 'hyperparameter':
    case 'ownSchedule':
      return typeof value === 'function' ? scheduleJson(path, value) : plain(path, value)
    case 'value':
    case 'mask':
    case 'labels':
    case 'function':
      return plain(path, value)
  }
}

const optionsJson = (path: string, fields: Fields, options: Readonly<Record<string, unknown>>): Json =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      value === null ? null : fieldJson(`${path}.${key}`, fields[key]?.kind ?? 'value', value),
    ]),
  )

/**
 * Gives the JSON spec of a transformation. Predicates, tensors and functions written by hand have no JSON form.
 *
 * @throws {SpecError} with the path of the part that has no JSON form
 * @example
 * import { chain, clip, sgd } from '@grad-ts/optim'
 * import { encodeOrThrow } from '@grad-ts/optim/specs'
 * encodeOrThrow(chain(clip(1), sgd({ learningRate: 0.5 }))) // => { chain: [{ clip: { maxDelta: 1 } }, { sgd: { learningRate: 0.5 } }] }
 */
export const encodeOrThrow = (transformation: GradientTransformation): Json => transformationJson('', transformation)

/** Gives the JSON spec of a schedule. */
export const encodeScheduleOrThrow = (schedule: Schedule | DefinedSchedule): Json => scheduleJson('schedule', schedule)

const asValue = <A>(run: () => A): E.Either<SpecError, A> =>
  E.tryCatch(run, (error) => {
    if (error instanceof SpecError) return error
    throw error
  })

/** Like `encodeOrThrow`, with the error as a value. */
export const encode = (transformation: GradientTransformation): E.Either<SpecError, Json> => asValue(() => encodeOrThrow(transformation))
