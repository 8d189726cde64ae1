import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Json } from '../policies/policy.ts'

/** The format that this version writes. */
export const format = 'grad-ts-checkpoint/1'

// JSON has no NaN and no infinities: a metric of nothing is one.
const words: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

const Real = new t.Type<number, number | string>(
  'number',
  t.number.is,
  (input, context) => {
    if (typeof input === 'number') return t.success(input)
    const word = typeof input === 'string' ? words[input] : undefined
    return word === undefined ? t.failure(input, context) : t.success(word)
  },
  (value) => (Number.isFinite(value) ? value : String(value)),
)

const isJson = (value: unknown): value is Json => value !== undefined && typeof value !== 'function'
const JsonValue = new t.Type<Json>(
  'JSON',
  isJson,
  (input, context) => (isJson(input) ? t.success(input) : t.failure(input, context)),
  t.identity,
)

const Evaluation = t.type({ loss: Real, metrics: t.record(t.string, Real) })

const Epoch = t.intersection([
  t.type({ epoch: t.number, step: t.number, loss: Real, metrics: t.record(t.string, Real), seconds: t.number, examples: t.number }),
  t.partial({ validation: Evaluation, learningRate: Real }),
])

const Stop = t.union([
  t.type({ tag: t.literal('finished') }),
  t.type({ tag: t.literal('earlyStopping'), monitor: t.string, best: Real, bestEpoch: t.number }),
  t.type({ tag: t.literal('asked'), by: t.string }),
])

/** What a checkpoint says of itself, beside its tensors. */
export const Manifest = t.intersection([
  t.type({
    format: t.literal(format),
    /** The file of the tensors, beside the manifest, with its length and hash. */
    tensors: t.type({ file: t.string, bytes: t.number, sha256: t.string }),
    /** Settings that a resumed run must share. */
    settings: t.record(t.string, t.union([t.number, t.string, t.boolean])),
    epoch: t.number,
    updates: t.number,
    step: t.number,
    seconds: t.number,
    skipped: t.number,
    examples: t.number,
    tally: t.type({ total: Real, weight: Real }),
    epochs: t.array(Epoch),
    policies: t.array(JsonValue),
  }),
  // The best epoch so far, whose checkpoint is kept.
  t.partial({ stop: Stop, best: t.type({ step: t.number, value: Real }) }),
])
export type Manifest = t.TypeOf<typeof Manifest>

/** Where a value differs from what was expected. */
export const firstFault = (errors: t.Errors): string => {
  const [error] = errors
  const path = (error?.context ?? [])
    .map(({ key }) => key)
    .filter((key) => key !== '' && !/^\d+$/.test(key))
    .join('.')
  return `${path === '' ? 'the manifest' : path} is ${JSON.stringify(error?.value)}, expected ${error?.context.at(-1)?.type.name ?? 'another value'}`
}

/** The format that a file claims, whatever else it holds. */
export const formatOf = (value: unknown): string | undefined => {
  const claimed = t.type({ format: t.string }).decode(value)
  return E.isRight(claimed) ? claimed.right.format : undefined
}
