import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { ConfigError } from '../errors.ts'

/** A codec whose name tells people what it expects. */
const expecting = <A>(name: string, is: (value: unknown) => value is A): t.Type<A> =>
  new t.Type(name, is, (value, context) => (is(value) ? t.success(value) : t.failure(value, context)), t.identity)

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

export const whole = expecting('a whole number of 1 or more', (value): value is number => Number.isSafeInteger(value) && Number(value) > 0)

// More than any published model has; without a bound, a stranger's configuration could ask for a model of a billion blocks.
const mostLayers = 1000

export const layerCount = expecting(
  `a whole number from 1 to ${mostLayers}`,
  (value): value is number => whole.is(value) && value <= mostLayers,
)

export const share = expecting(
  'a number from 0 up to, not including, 1',
  (value): value is number => isNumber(value) && value >= 0 && value < 1,
)

export const positive = expecting('a number above 0', (value): value is number => isNumber(value) && value > 0)

export const atLeastOne = expecting('a number of 1 or more', (value): value is number => isNumber(value) && value >= 1)

export const flag = expecting('true or false', (value): value is boolean => typeof value === 'boolean')

const tokenNumber = expecting('the number of a token', (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0)

/** One of a few words. */
export const oneOf = <Word extends string>(words: readonly Word[]): t.Type<Word> =>
  expecting(`one of ${words.join(', ')}`, (value): value is Word => words.some((word) => word === value))

/** The one value that is supported; `null` counts as left out. */
export const only = <A>(value: A, why: string): t.Type<A, A, unknown> => {
  const supported = expecting(`${value === null ? 'nothing' : JSON.stringify(value)}, for ${why}`, (found): found is A => found === value)
  return or(supported, value)
}

/** A value for what is left out; `null` counts as that. */
export const or = <A>(codec: t.Type<A, A, unknown>, value: A): t.Type<A, A, unknown> =>
  new t.Type(
    codec.name,
    codec.is,
    (found, context) => (found === undefined || found === null ? t.success(value) : codec.validate(found, context)),
    codec.encode,
  )

/** What may be left out; `null` then. */
export const optional = <A>(codec: t.Type<A, A, unknown>): t.Type<A | null, A | null, unknown> =>
  or(
    new t.Type<A | null, A | null, unknown>(
      codec.name,
      (value): value is A | null => value === null || codec.is(value),
      codec.validate,
      t.identity,
    ),
    null,
  )

/** A value for what is left out, where `null` means that there is none. */
export const unlessNull = <A>(codec: t.Type<A, A, unknown>, value: A): t.Type<A | null, A | null, unknown> => {
  const nullable = optional(codec)
  return new t.Type(
    nullable.name,
    nullable.is,
    (found, context) => nullable.validate(found === undefined ? value : found, context),
    t.identity,
  )
}

/** Fields that every family has. */
export const common = {
  pad_token_id: optional(tokenNumber),
  id2label: optional(t.record(t.string, t.string, 'a record of labels by number')),
  num_labels: optional(whole),
  quantization_config: only<null>(null, 'quantised weights are not read'),
}

/** Where a configuration first differs from what was expected. */
export const firstFault = (errors: t.Errors): ConfigError => {
  const [error] = errors
  const path = (error?.context ?? []).map(({ key }) => key).filter((key) => key !== '')
  return new ConfigError(path.join('.'), error?.context.at(-1)?.type.name ?? 'another value', error?.value)
}

/** Decodes a configuration. */
export const decodeWith = <A>(codec: t.Decoder<unknown, A>, value: unknown): E.Either<ConfigError, A> =>
  E.mapLeft(firstFault)(codec.decode(value))
