import { isTensor } from '@grad-ts/tensor'
import { SpecError } from './errors.ts'

/** How a field's value is written in JSON. */
export type FieldKind =
  | 'value'
  | 'hyperparameter'
  | 'ownSchedule'
  | 'schedule'
  | 'schedules'
  | 'transformation'
  | 'transformations'
  | 'transformationMap'
  | 'mask'
  | 'labels'
  | 'function'

/** One option of a factory: what it accepts, what it is without a value, and how it is written in JSON. */
export interface Field<Value = unknown> {
  readonly kind: FieldKind
  /** Completes the sentence "expected …". */
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  readonly default?: Value | undefined
}

export type Fields<Options> = { readonly [Key in keyof Options]-?: Field<Options[Key]> }

const show = (value: unknown): string => {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (isTensor(value)) return `a tensor ${value.dtype}[${value.shape.join(', ')}]`
  if (Array.isArray(value)) return `an array of ${value.length}`
  return `an object with keys ${Object.keys(value as object).join(', ') || '(none)'}`
}

/** Names a received value in a message. */
export const received = show

/** Throws when a record has a wrong, a missing or an unknown option. */
export const checkFields = (path: string, fields: Readonly<Record<string, Field>>, options: Readonly<Record<string, unknown>>): void => {
  for (const key of Object.keys(options))
    if (fields[key] === undefined)
      throw new SpecError(`${path}.${key}`, `one of the options ${Object.keys(fields).join(', ') || '(none)'}`, 'an unknown option')
  for (const [key, field] of Object.entries(fields)) {
    const value = options[key]
    const missing = value === undefined || (value === null && field.default === null)
    if (missing && 'default' in field) continue
    if (!field.accepts(value)) throw new SpecError(`${path}.${key}`, field.expected, show(value))
  }
}

interface Bounds {
  /** The smallest value, and whether it is itself forbidden. */
  readonly low?: number
  readonly above?: number
  readonly high?: number
  readonly below?: number
  readonly integer?: boolean
}

const inside = ({ low, above, high, below, integer = false }: Bounds, value: number): boolean =>
  !Number.isNaN(value) &&
  (!integer || Number.isInteger(value)) &&
  (low === undefined || value >= low) &&
  (above === undefined || value > above) &&
  (high === undefined || value <= high) &&
  (below === undefined || value < below)

const describe = ({ low, above, high, below, integer = false }: Bounds): string => {
  const noun = integer ? 'an integer' : 'a number'
  const left = low ?? above
  const right = high ?? below
  if (left === undefined && right === undefined) return noun
  if (right === undefined) return above === undefined ? `${noun} ≥ ${left}` : `${noun} > ${left}`
  if (left === undefined) return below === undefined ? `${noun} ≤ ${right}` : `${noun} < ${right}`
  return `${noun} in ${above === undefined ? '[' : '('}${left}, ${right}${below === undefined ? ']' : ')'}`
}

const withDefault = <Value>(field: Field<Value>, initial: readonly [] | readonly [Value]): Field<Value> =>
  initial.length === 0 ? field : { ...field, default: initial[0] }

/** A number that stays fixed. */
export const staticNumber = (bounds: Bounds, ...initial: [] | [number | null]): Field<never> =>
  withDefault(
    {
      kind: 'value',
      expected: describe(bounds),
      accepts: (value) => typeof value === 'number' && inside(bounds, value),
    },
    initial,
  ) as Field<never>

/** A number, scalar tensor or schedule. */
export const hyper = (bounds: Bounds, ...initial: [] | [number | null]): Field<never> =>
  withDefault(
    {
      kind: 'hyperparameter',
      expected: describe(bounds),
      accepts: (value) => (typeof value === 'number' ? inside(bounds, value) : typeof value === 'function' || isTensor(value)),
    },
    initial,
  ) as Field<never>

/** A field that null switches off, with another default. */
export const nullable = <Value>(field: Field<Value>): Field<Value> => ({
  ...field,
  expected: `${field.expected} or null`,
  accepts: (candidate) => candidate === null || field.accepts(candidate),
})

/** A decay rate in [0, 1). */
export const decayRate = (...initial: [] | [number | null]): Field<never> => hyper({ low: 0, below: 1 }, ...initial)
/** A number that is not negative. */
export const nonNegative = (...initial: [] | [number | null]): Field<never> => hyper({ low: 0 }, ...initial)
/** Any number. */
export const anyNumber = (...initial: [] | [number | null]): Field<never> => hyper({}, ...initial)
/** A whole number of steps from `low` on. */
export const wholeNumber = (low: number, ...initial: [] | [number | null]): Field<never> => staticNumber({ integer: true, low }, ...initial)

/** true or false. */
export const flag = (initial: boolean): Field<never> =>
  ({
    kind: 'value',
    expected: 'true or false',
    accepts: (value: unknown) => typeof value === 'boolean',
    default: initial,
  }) as Field as Field<never>

/** One of some words. */
export const choice = (words: readonly string[], ...initial: [] | [string | null]): Field<never> =>
  withDefault(
    {
      kind: 'value',
      expected: `one of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
      accepts: (value) => typeof value === 'string' && words.includes(value),
    },
    initial,
  ) as Field<never>

/** A value of JSON that a predicate accepts. */
export const value = (expected: string, accepts: (value: unknown) => boolean, ...initial: [] | [unknown]): Field<never> =>
  withDefault({ kind: 'value', expected, accepts }, initial) as Field<never>

const isTransformation = (candidate: unknown): boolean =>
  typeof candidate === 'object' && candidate !== null && 'init' in candidate && 'update' in candidate

/** A transformation. */
export const transformation = (): Field<never> => ({ kind: 'transformation', expected: 'a transformation', accepts: isTransformation })

/** A list of transformations. */
export const transformations = (): Field<never> => ({
  kind: 'transformations',
  expected: 'a list of transformations',
  accepts: (candidate) => Array.isArray(candidate) && candidate.every(isTransformation),
})

/** Transformations by name. */
export const transformationMap = (): Field<never> => ({
  kind: 'transformationMap',
  expected: 'a record of transformations',
  accepts: (candidate) => typeof candidate === 'object' && candidate !== null && Object.values(candidate).every(isTransformation),
})

/** A schedule. */
export const schedule = (): Field<never> => ({
  kind: 'schedule',
  expected: 'a schedule',
  accepts: (candidate) => typeof candidate === 'function',
})

/** A list of schedules. */
export const schedules = (): Field<never> => ({
  kind: 'schedules',
  expected: 'a list of schedules',
  accepts: (candidate) => Array.isArray(candidate) && candidate.length > 0 && candidate.every((each) => typeof each === 'function'),
})

/** A function, which has no JSON form. */
export const callback = (expected: string, ...initial: [] | [null]): Field<never> =>
  withDefault({ kind: 'function', expected, accepts: (candidate) => typeof candidate === 'function' }, initial) as Field<never>

/** Which leaves: a tree of booleans, a path pattern, or a predicate of path and leaf. */
export const mask = (...initial: [] | [null]): Field<never> =>
  withDefault(
    {
      kind: 'mask',
      expected: 'a mask: a tree of booleans, a path pattern or a predicate',
      accepts: (candidate) => ['string', 'function', 'object', 'boolean'].includes(typeof candidate) && candidate !== null,
    },
    initial,
  ) as Field<never>

/** A name for every leaf: a tree of strings, rules from path patterns to names, or a function of path and leaf. */
export const labels = (): Field<never> => ({
  kind: 'labels',
  expected: 'labels: a tree of names, a list of [pattern, name] or a function',
  accepts: (candidate) => ['string', 'function', 'object'].includes(typeof candidate) && candidate !== null,
})

/** Whose formula and defaults. */
export const dialectField: Field<never> = choice(['optax', 'torch', 'keras'], 'optax')

/** One axis, a list of axes, or null. */
export const axes = (...initial: [] | [null]): Field<never> =>
  value(
    'an axis or a list of axes',
    (candidate) =>
      Number.isInteger(candidate) ||
      (Array.isArray(candidate) && candidate.length > 0 && candidate.every((axis) => Number.isInteger(axis))),
    ...initial,
  )
