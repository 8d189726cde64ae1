import { cast, isFloat } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { checkFields } from './fields.ts'
import type { Field, Fields } from './fields.ts'
import { counter, increment } from './numerics/count.ts'
import type { GradientTransformation, Scalar, Schedule } from './transformation.ts'

/** Options as the rule receives them: complete, every schedule already read. */
export type Complete<Options> = { readonly [Key in keyof Options]-?: Exclude<Options[Key], Schedule | undefined> }

/** Options without schedules. */
export type Fixed<Options> = { readonly [Key in keyof Options]: Exclude<Options[Key], Schedule> }

/** The state of a rule some of whose numbers are schedules: updates made so far, and the rule's own state. */
export type Scheduled<State extends Tree<Tensor>> = { readonly count: Tensor; readonly inner: State }

// oxlint-disable-next-line typescript/ban-types
type Arguments<Options> = {} extends Options ? [options?: Options] : [options: Options]

/** A factory of transformations; it knows its own options. */
export interface Factory<Options, State extends Tree<Tensor>> {
  (...args: Arguments<Fixed<Options>>): GradientTransformation<State>
  (...args: Arguments<Options>): GradientTransformation<State | Scheduled<State>>
  readonly definition: Definition
}

/** What a factory is made of, for specs and for `injectHyperparams`. */
export interface Definition {
  readonly name: string
  readonly fields: Readonly<Record<string, Field>>
  /** Fills in the defaults and checks every value. */
  readonly complete: (options: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
  /** Makes the rule from complete options without schedules. */
  readonly build: (options: Readonly<Record<string, unknown>>) => GradientTransformation
  /** Makes the transformation from options as a user writes them. */
  readonly make: (options: Readonly<Record<string, unknown>>) => GradientTransformation
}

type DialectDefaults = Readonly<Partial<Record<string, Readonly<Record<string, unknown>>>>>

const present = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const defaultsOf = (fields: Readonly<Record<string, Field>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).flatMap(([key, field]) => ('default' in field ? [[key, field.default]] : [])))

/** The float type that scalars of a rule are computed in: that of the first float leaf. */
export const floatDType = (tree: Tree<Tensor>): 'float32' | 'float64' => {
  const found = leaves(tree).find(({ dtype }) => isFloat(dtype))?.dtype ?? 'float32'
  return found === 'float64' ? 'float64' : 'float32'
}

/** Reads the schedules among options at a count. */
export const readSchedules = (
  options: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  count: Tensor,
  dtype: FloatDType,
): Record<string, unknown> => ({
  ...options,
  ...Object.fromEntries(keys.map((key) => [key, cast((options[key] as Schedule)(count, dtype), dtype)])),
})

/** Wraps a rule whose numbers follow schedules: each is read at the number of updates made so far. */
const scheduled = (
  build: (options: Readonly<Record<string, unknown>>) => GradientTransformation,
  options: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): GradientTransformation<Scheduled<Tree<Tensor>>> => {
  const at = (count: Tensor, dtype: FloatDType) => build(readSchedules(options, keys, count, dtype))
  return {
    init: (params) => ({ count: counter(), inner: at(counter(), floatDType(params)).init(params) }),
    update: (updates, { count, inner }, context) => {
      const [next, state] = at(count, floatDType(updates)).update(updates, inner, context)
      return [next, { count: increment(count), inner: state }]
    },
  }
}

/**
 * Makes a factory from a name, its options and its rule. Numbers are checked at construction;
 * numbers that are schedules are read before each update.
 */
export const define = <Options extends object, State extends Tree<Tensor>>(
  name: string,
  fields: Fields<Options>,
  rule: (options: Complete<Options>) => GradientTransformation<State>,
  dialects: DialectDefaults = {},
): Factory<Options, State> => {
  const table = fields as Readonly<Record<string, Field>>
  const build = rule as unknown as Definition['build']
  const complete = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const given = present(options)
    checkFields(name, table, given)
    return { ...defaultsOf(table), ...dialects[given['dialect'] as string], ...given }
  }
  const make = (options: Readonly<Record<string, unknown>>): GradientTransformation => {
    const all = complete(options)
    const keys = Object.keys(table).filter((key) => table[key]?.kind === 'hyperparameter' && typeof all[key] === 'function')
    const { init, update } = keys.length === 0 ? build(all) : (scheduled(build, all, keys) as GradientTransformation)
    return { init, update, origin: { name, options: present(options) } }
  }
  const factory = (options: object = {}): GradientTransformation => make(options as Record<string, unknown>)
  const definition: Definition = { name, fields: table, complete, build, make }
  return Object.assign(factory, { definition }) as unknown as Factory<Options, State>
}

/** A number as it is, a scalar tensor in the dtype of a leaf. */
export const at = (scalar: Scalar, leaf: Tensor): Scalar => (typeof scalar === 'number' ? scalar : cast(scalar, leaf.dtype))
