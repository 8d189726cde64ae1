import { add, cast, concat, cos, mul, reshape, ShapeError, sin, sliceAxis, sub, tensor } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { LayerError } from '../errors.ts'

/**
 * How frequencies are slowed down, so that sequences longer than those of the first training still turn by familiar angles:
 * all alike (`linear`), or only those whose period is long beside the sequences of that training (`llama3`, a blend between two bounds).
 */
export type RotaryScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      /** Periods longer than `originalLength` over this are slowed down in full. */
      readonly lowFrequencyFactor: number
      /** Periods shorter than `originalLength` over this stay as they are. */
      readonly highFrequencyFactor: number
      /** The longest sequence of the first training. */
      readonly originalLength: number
    }

export interface RotaryOptions {
  /** Default 10000. */
  readonly base?: number
  /** Default: none. */
  readonly scaling?: RotaryScaling
}

const scaled = (frequency: number, scaling: RotaryScaling | undefined): number => {
  if (scaling === undefined) return frequency
  if (scaling.type === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = scaling
  const turns = (originalLength * frequency) / (2 * Math.PI)
  if (turns > high) return frequency
  if (turns < low) return frequency / factor
  const share = (turns - low) / (high - low)
  return (1 - share) * (frequency / factor) + share * frequency
}

/**
 * The angle by which each pair of features turns from one position to the next: base^(−i / pairs), slowed down by the scaling.
 *
 * @param size of the features, even
 * @returns size / 2 numbers
 * @example
 * import { rotaryFrequencies } from '@grad-ts/nn'
 * rotaryFrequencies(4, { base: 100, scaling: { type: 'linear', factor: 2 } }) // => [0.5, 0.05]
 */
export const rotaryFrequencies = (size: number, { base = 10000, scaling }: RotaryOptions = {}): readonly number[] => {
  if (scaling !== undefined && !(scaling.factor >= 1))
    throw new LayerError('rotaryFrequencies', `expected a factor of 1 or more, got ${scaling.factor}`)
  if (scaling?.type === 'llama3' && !(scaling.highFrequencyFactor > scaling.lowFrequencyFactor))
    throw new LayerError(
      'rotaryFrequencies',
      `expected highFrequencyFactor above ${scaling.lowFrequencyFactor}, got ${scaling.highFrequencyFactor}`,
    )
  return Array.from({ length: size / 2 }, (_, i) => scaled(base ** ((-2 * i) / size), scaling))
}

type Waves = readonly [cosines: Tensor, sines: Tensor]

/** Positions 0, 1, … from an offset: the waves are numbers that are known now. */
const wavesFrom = (offset: number, time: number, frequencies: readonly number[], dtype: FloatDType): Waves => {
  const half = frequencies.length
  const wave = (fn: (angle: number) => number): Tensor =>
    tensor(
      Float64Array.from({ length: time * half }, (_, i) => fn((offset + Math.floor(i / half)) * (frequencies[i % half] as number))),
      { shape: [time, half], dtype },
    )
  return [wave(Math.cos), wave(Math.sin)]
}

/** Positions `[batch, time]` of the graph, laid out for x `[batch, …, time, size]`. */
const wavesAt = (positions: Tensor, x: Tensor, frequencies: readonly number[], dtype: FloatDType): Waves => {
  const exact = dtype === 'float64' ? dtype : 'float32'
  const [batch, time] = positions.shape as [number, number]
  const places = reshape(cast(positions, exact), [batch, ...x.shape.slice(1, -2).map(() => 1), time, 1])
  const angles = mul(places, tensor(Float64Array.from(frequencies), { dtype: exact }))
  return [cast(cos(angles), dtype), cast(sin(angles), dtype)]
}

/**
 * Turns the pairs of features of each step by an angle that grows with its position, so that scores depend on distances only.
 *
 * @param x `[…, time, size]`, size even; feature i is paired with feature i + size / 2
 * @param options.base default 10000
 * @param options.offset position of the first step, default 0
 * @param options.positions int32 `[batch, time]` in place of the offset, where x is `[batch, …, time, size]`
 * @example
 * import { ones, sum, square, toNumber } from '@grad-ts/tensor'
 * import { rotaryPositions } from '@grad-ts/nn'
 * const turned = rotaryPositions(ones([2, 3, 4]))
 * turned.shape // => [2, 3, 4]
 * Math.round(toNumber(sum(square(turned)))) // => 24
 * @see Su et al., RoFormer: enhanced transformer with rotary position embedding, 2021, arXiv:2104.09864
 */
export const rotaryPositions = (
  x: Tensor,
  { offset = 0, positions, ...options }: RotaryOptions & { readonly offset?: number; readonly positions?: Tensor } = {},
): Tensor => {
  const [time, size] = x.shape.slice(-2) as [number, number]
  if (x.shape.length < 2 || size % 2 !== 0)
    throw new ShapeError('rotaryPositions', [x], 'expected x of shape […, time, size] with an even size')
  const [batch, steps, ...rest] = positions?.shape ?? [x.shape[0], time]
  if ((batch !== x.shape[0] && batch !== 1) || steps !== time || rest.length > 0)
    throw new ShapeError(
      'rotaryPositions',
      [x, positions as Tensor],
      'expected positions [batch, time] for x of shape [batch, …, time, size]',
    )
  const frequencies = rotaryFrequencies(size, options)
  const dtype = x.dtype as FloatDType
  const [cosines, sines] = positions === undefined ? wavesFrom(offset, time, frequencies, dtype) : wavesAt(positions, x, frequencies, dtype)
  const [first, second] = [sliceAxis(x, -1, { end: size / 2 }), sliceAxis(x, -1, { start: size / 2 })]
  return concat([sub(mul(first, cosines), mul(second, sines)), add(mul(second, cosines), mul(first, sines))], -1)
}
