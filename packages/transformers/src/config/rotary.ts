import * as t from 'io-ts'
import type { RotaryOptions, RotaryScaling } from '@grad-ts/nn'
import { atLeastOne, oneOf, only, optional, or, positive, whole } from './fields.ts'

const base = { rope_theta: optional(positive), partial_rotary_factor: only(1, 'turning a part of the features is not supported') }

const kinds = {
  default: t.type(base),
  linear: t.type({ ...base, factor: atLeastOne }),
  llama3: t.type({
    ...base,
    factor: atLeastOne,
    low_freq_factor: positive,
    high_freq_factor: positive,
    original_max_position_embeddings: optional(whole),
  }),
} as const

type Kind = keyof typeof kinds

const kindName = oneOf(Object.keys(kinds) as Kind[])

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** How rotary positions turn. Its kind stands under `rope_type`, in older files under `type`. */
export const Rope = new t.Type<Record<string, unknown>>(
  'a record of rotary parameters',
  isRecord,
  (value, context) => {
    if (!isRecord(value)) return t.failure(value, context)
    const key = 'rope_type' in value ? 'rope_type' : 'type'
    const kind = value[key] ?? 'default'
    if (!kindName.is(kind)) return t.failure(kind, t.appendContext(context, key, kindName, kind))
    const codec: t.Decoder<unknown, Record<string, unknown>> = kinds[kind]
    return codec.validate(value, context)
  },
  t.identity,
)

/** The fields of a configuration that tell of rotary positions: one record today, two fields in older files. */
export const ropeFields = { rope_parameters: optional(Rope), rope_scaling: optional(Rope), rope_theta: or(positive, 10000) }

const scalingOf = (parameters: Record<string, unknown>, longest: number): RotaryScaling | undefined => {
  const kind = parameters['rope_type'] ?? parameters['type'] ?? 'default'
  if (kind === 'linear' && kinds.linear.is(parameters)) return { type: 'linear', factor: parameters.factor }
  if (kind !== 'llama3' || !kinds.llama3.is(parameters)) return undefined
  return {
    type: 'llama3',
    factor: parameters.factor,
    lowFrequencyFactor: parameters.low_freq_factor,
    highFrequencyFactor: parameters.high_freq_factor,
    originalLength: parameters.original_max_position_embeddings ?? longest,
  }
}

interface RopeConfig {
  readonly rope_parameters: Record<string, unknown> | null
  readonly rope_scaling: Record<string, unknown> | null
  readonly rope_theta: number
  readonly max_position_embeddings: number
}

/** What the fields say of rotary positions. */
export const rotaryOf = (config: RopeConfig): RotaryOptions => {
  const parameters = config.rope_parameters ?? config.rope_scaling ?? {}
  const { rope_theta: theta } = parameters
  const scaling = scalingOf(parameters, config.max_position_embeddings)
  return { base: typeof theta === 'number' ? theta : config.rope_theta, ...(scaling === undefined ? {} : { scaling }) }
}
