/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const infinities: Readonly<Record<string, number>> = { Infinity: Infinity, '-Infinity': -Infinity }

/** Numbers as JSON: infinities become strings. */
export const numberToJson = (value: number): Json => (Number.isFinite(value) ? value : String(value))

/** Reads strings that stand for infinities back as numbers. */
export const numberFromJson = (value: unknown): unknown => (typeof value === 'string' && value in infinities ? infinities[value] : value)

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
