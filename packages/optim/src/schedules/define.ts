import { cast } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { checkFields } from '../fields.ts'
import type { Field, Fields } from '../fields.ts'
import { asCount } from '../numerics/count.ts'
import type { Origin } from '../transformation.ts'

/** A schedule made by a factory: it also takes plain numbers, and it knows what it was made with. */
export interface DefinedSchedule {
  (count: Tensor | number, dtype?: FloatDType): Tensor
  readonly origin: Origin
}

/** Options of a schedule, complete. */
export type CompleteSchedule<Options> = { readonly [Key in keyof Options]-?: Exclude<Options[Key], undefined> }

/** What a schedule factory is made of. */
export interface ScheduleDefinition {
  readonly name: string
  readonly fields: Readonly<Record<string, Field>>
  readonly make: (options: Readonly<Record<string, unknown>>) => DefinedSchedule
}

/** A factory of schedules; it knows its own options. */
export interface ScheduleFactory<Options> {
  (options: Options): DefinedSchedule
  readonly definition: ScheduleDefinition
}

/** Makes a schedule factory from its options and its rule, a function of the int32 count. */
export const defineSchedule = <Options extends object>(
  name: string,
  fields: Fields<Options>,
  rule: (options: CompleteSchedule<Options>) => (count: Tensor, dtype: FloatDType) => Tensor,
): ScheduleFactory<Options> => {
  const table = fields as Readonly<Record<string, Field>>
  const make = (options: Readonly<Record<string, unknown>>): DefinedSchedule => {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    checkFields(name, table, given)
    const defaults = Object.fromEntries(Object.entries(table).flatMap(([key, field]) => ('default' in field ? [[key, field.default]] : [])))
    const value = rule({ ...defaults, ...given } as CompleteSchedule<Options>)
    const schedule = (count: Tensor | number, dtype: FloatDType = 'float32') => cast(value(asCount(count), dtype), dtype)
    return Object.assign(schedule, { origin: { name, options: given } })
  }
  const factory = (options: Options) => make(options as Readonly<Record<string, unknown>>)
  return Object.assign(factory, { definition: { name, fields: table, make } })
}
