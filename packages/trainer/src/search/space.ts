import { evaluate, foldIn, uniform } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'

/** The values that one setting may take. */
export type Dimension<Value = unknown> =
  | { readonly tag: 'choice'; readonly values: readonly Value[] }
  | { readonly tag: 'range'; readonly low: number; readonly high: number; readonly scale: 'linear' | 'log' }

/** The settings that are searched over, by name. */
export type Space = Readonly<Record<string, Dimension>>

/** One point of a space. */
export type Candidate<S extends Space> = {
  readonly [Key in keyof S]: S[Key] extends Dimension<infer Value> ? (S[Key] extends { readonly tag: 'range' } ? number : Value) : never
}

/** One of some values. */
export const choice = <const Value>(values: readonly Value[]): { readonly tag: 'choice'; readonly values: readonly Value[] } => ({
  tag: 'choice',
  values,
})

/** A number between two bounds; on a log scale every order of magnitude is as likely as the other. */
export const range = (
  low: number,
  high: number,
  scale: 'linear' | 'log' = 'linear',
): { readonly tag: 'range'; readonly low: number; readonly high: number; readonly scale: 'linear' | 'log' } => ({
  tag: 'range',
  low,
  high,
  scale,
})

/**
 * Refuses dimensions without a value.
 *
 * @throws {SettingsError}
 */
export const checkSpace = (space: Space): void => {
  if (Object.keys(space).length === 0) throw new SettingsError('space', 'at least one setting to search over', 'none')
  for (const [name, dimension] of Object.entries(space)) {
    if (dimension.tag === 'choice') {
      if (dimension.values.length === 0) throw new SettingsError(`space.${name}`, 'at least one value', 'none')
      continue
    }
    const { low, high, scale } = dimension
    if (!(low <= high) || (scale === 'log' && !(low > 0)))
      throw new SettingsError(
        `space.${name}`,
        scale === 'log' ? 'bounds above 0 in rising order' : 'bounds in rising order',
        `${low} to ${high}`,
      )
  }
}

const inside = ({ low, high, scale }: Extract<Dimension, { readonly tag: 'range' }>, share: number): number =>
  scale === 'log' ? low * (high / low) ** share : low + (high - low) * share

const valueAt = (dimension: Dimension, share: number): unknown =>
  dimension.tag === 'choice'
    ? dimension.values[Math.min(dimension.values.length - 1, Math.floor(share * dimension.values.length))]
    : inside(dimension, share)

/** All combinations: every choice, and `points` values of each range with both ends. */
export const gridOf = <S extends Space>(space: S, points: number): Candidate<S>[] => {
  const axis = (dimension: Dimension): readonly unknown[] =>
    dimension.tag === 'choice'
      ? dimension.values
      : Array.from({ length: points }, (_, i) => inside(dimension, points === 1 ? 0.5 : i / (points - 1)))
  return Object.entries(space).reduce<Record<string, unknown>[]>(
    (partial, [name, dimension]) => partial.flatMap((each) => axis(dimension).map((value) => ({ ...each, [name]: value }))),
    [{}],
  ) as Candidate<S>[]
}

/** Points drawn at random; the same key draws the same ones. */
export const randomPoints = <S extends Space>(space: S, count: number, key: Tensor): Candidate<S>[] => {
  const names = Object.keys(space)
  return Array.from({ length: count }, (_, i) => {
    const { attributes } = evaluate(uniform(foldIn(key, i), [Math.max(1, names.length)])) as Constant
    return Object.fromEntries(
      names.map((name, j) => [name, valueAt(space[name] as Dimension, attributes.data[j] as number)]),
    ) as Candidate<S>
  })
}
