import type { Constant } from '@grad-ts/tensor'

/** A number of a fixture: NaN and infinities are strings. */
export const numbersOf = (values: unknown): number[] => (Array.isArray(values) ? values.flatMap(numbersOf) : [Number(values)])

const agrees = (got: number, wanted: number, bound: number): boolean =>
  Object.is(got, wanted) || got === wanted || (Number.isNaN(got) && Number.isNaN(wanted)) || Math.abs(got - wanted) <= bound

/**
 * Tells where values differ from a fixture by more than a bound, or nothing when they agree.
 *
 * @param bound the largest difference allowed for element i with the wanted value
 */
export const mismatch = (
  what: string,
  got: Constant,
  wanted: unknown,
  bound: (wanted: number, i: number) => number,
): string | undefined => {
  const expected = numbersOf(wanted)
  const { data } = got.attributes
  if (data.length !== expected.length) return `${what}: expected ${expected.length} elements, got ${data.length}`
  const i = expected.findIndex((value, position) => !agrees(data[position] as number, value, bound(value, position)))
  return i === -1 ? undefined : `${what}[${i}]: expected ${expected[i]}, got ${data[i]}`
}
