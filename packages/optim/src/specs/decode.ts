import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { SpecError } from '../errors.ts'
import { checkFields, received } from '../fields.ts'
import type { Field } from '../fields.ts'
import type { DefinedSchedule } from '../schedules/define.ts'
import type { GradientTransformation } from '../transformation.ts'
import { injectHyperparams } from '../wrappers/inject-hyperparams.ts'
import { encodeOrThrow } from './encode.ts'
import { isRecord, numberFromJson } from './json.ts'
import type { Json } from './json.ts'
import { scheduleTable } from './schedules.ts'
import { transformationTable } from './transformations.ts'

type Fields = Readonly<Record<string, Field>>
type Decode<A> = (path: string, value: unknown) => A

/** The one name and its arguments in a record such as `{ adam: { learningRate: 0.1 } }`. */
const only = (path: string, value: unknown, known: readonly string[], kind: string): readonly [string, unknown] => {
  const entries = isRecord(value) ? Object.entries(value) : []
  const [entry] = entries
  if (entry === undefined || entries.length !== 1)
    throw new SpecError(path === '' ? 'spec' : path, `a record with one key, the name of ${kind}`, received(value))
  if (!known.includes(entry[0])) throw new SpecError(path === '' ? 'spec' : path, `the name of ${kind}`, JSON.stringify(entry[0]))
  return entry
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const listOf =
  <A>(decode: Decode<A>): Decode<A[]> =>
  (path, value) => {
    if (!Array.isArray(value)) throw new SpecError(path, 'a list', received(value))
    return value.map((each, i) => decode(`${path}[${i}]`, each))
  }

const recordOf =
  <A>(decode: Decode<A>): Decode<Record<string, A>> =>
  (path, value) => {
    if (!isRecord(value)) throw new SpecError(path, 'a record', received(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(`${path}.${key}`, each)]))
  }

const fieldOf: Decode<unknown> = (_, value) => numberFromJson(value)

const decoders: Readonly<Record<Field['kind'], Decode<unknown>>> = {
  transformation: (path, value) => transformationOf(path, value),
  transformations: (path, value) => listOf(transformationOf)(path, value),
  transformationMap: (path, value) => recordOf(transformationOf)(path, value),
  schedule: (path, value) => scheduleOf(path, value),
  schedules: (path, value) => listOf(scheduleOf)(path, value),
  hyperparameter: (path, value) => (isRecord(value) ? scheduleOf(path, value) : numberFromJson(value)),
  ownSchedule: (path, value) => (isRecord(value) ? scheduleOf(path, value) : numberFromJson(value)),
  value: fieldOf,
  mask: fieldOf,
  labels: fieldOf,
  function: (path, value) => {
    throw new SpecError(path, 'a function, which has no JSON form', received(value))
  },
}

const optionsOf = (path: string, fields: Fields, value: unknown): Record<string, unknown> => {
  if (!isRecord(value)) throw new SpecError(path, 'a record of options', received(value))
  const options = Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const kind = fields[key]?.kind ?? 'value'
      return [key, each === null ? null : decoders[kind](`${path}.${key}`, each)]
    }),
  )
  checkFields(path, fields, options)
  return options
}

/** Rules that need more than their options say checks of their own: they name the factory, the path says which. */
const placed = <A>(path: string, name: string, make: () => A): A => {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    throw new SpecError(error.path.replace(new RegExp(`^${name}(?=[.[]|$)`), path), error.expected, error.received)
  }
}

const scheduleOf: Decode<DefinedSchedule> = (path, value) => {
  const [name, args] = only(path, value, Object.keys(scheduleTable), 'a schedule')
  const definition = scheduleTable[name] as (typeof scheduleTable)[string]
  const at = below(path, name)
  const options = optionsOf(at, definition.fields, args)
  return placed(at, name, () => definition.make(options))
}

const injectedOf = (path: string, value: unknown): GradientTransformation => {
  const [name, args] = only(path, value, Object.keys(transformationTable), 'an optimizer')
  const definition = transformationTable[name] as (typeof transformationTable)[string]
  const at = below(path, name)
  const options = optionsOf(at, definition.fields, args)
  return placed(at, name, () =>
    injectHyperparams(Object.assign(() => undefined, { definition }) as never)(options as never),
  ) as GradientTransformation
}

const transformationOf: Decode<GradientTransformation> = (path, value) => {
  const [name, args] = only(path, value, [...Object.keys(transformationTable), 'injectHyperparams'], 'a transformation')
  const at = below(path, name)
  if (name === 'injectHyperparams') return injectedOf(at, args)
  const definition = transformationTable[name] as (typeof transformationTable)[string]
  const options = name === 'chain' ? { transformations: listOf(transformationOf)(at, args) } : optionsOf(at, definition.fields, args)
  return placed(at, name, () => definition.make(options))
}

const codec = <A>(name: string, is: t.Is<A>, decode: (value: unknown) => A, encode: (value: A) => Json): t.Type<A, Json> =>
  new t.Type<A, Json>(
    name,
    is,
    (value, context) => {
      try {
        return t.success(decode(value))
      } catch (error) {
        if (error instanceof SpecError) return t.failure(value, context, error.message)
        throw error
      }
    },
    encode,
  )

const isTransformation = (value: unknown): value is GradientTransformation => isRecord(value) && 'init' in value && 'update' in value

/** The codec of transformations: `decode` builds one from JSON, `encode` gives its JSON. */
export const transformationCodec: t.Type<GradientTransformation, Json> = codec(
  'GradientTransformation',
  isTransformation,
  (value) => transformationOf('', value),
  encodeOrThrow,
)

/** Builds a transformation from its JSON spec. */
export const decode = (spec: unknown): E.Either<SpecError, GradientTransformation> =>
  E.tryCatch(
    () => transformationOf('', spec),
    (error) => {
      if (error instanceof SpecError) return error
      throw error
    },
  )

/**
 * Builds a transformation from its JSON spec.
 *
 * @throws {SpecError} with the path, what was expected and what came
 * @example
 * import { decodeOrThrow } from '@grad-ts/optim/specs'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = decodeOrThrow({ chain: [{ clip: { maxDelta: 1 } }, { sgd: { learningRate: 0.5 } }] })
 * toArray(solver.update(tensor([4]), solver.init(tensor([0])))[0] as Tensor) // => [-0.5]
 */
export const decodeOrThrow = (spec: unknown): GradientTransformation => transformationOf('', spec)

/** Builds a schedule from its JSON spec; throws a `SpecError`. */
export const decodeScheduleOrThrow = (spec: unknown): DefinedSchedule => scheduleOf('schedule', spec)
