import type { Constant } from '@grad-ts/tensor'
import type { FixtureGradient, FixtureTensor } from './fixture.ts'

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

const report = (what: string, gap: number, tolerance: number): string | undefined =>
  gap <= tolerance ? undefined : `${what}: differs by ${gap.toExponential(1)} of its scale, more than ${tolerance.toExponential(0)}`

/** Compares arrays on the scale of the largest wanted magnitude. */
export const compareArray = (what: string, got: Constant | undefined, wanted: FixtureTensor, tolerance: number): string | undefined => {
  if (got === undefined) return `${what}: is missing`
  const { data } = got.attributes
  if (data.length !== wanted.data.length) return `${what}: expected ${wanted.data.length} elements, got ${data.length}`
  const numbers = wanted.data.map(Number)
  const gap = largest(numbers.map((value, i) => value - (data[i] as number)))
  return report(what, Number.isNaN(gap) ? Infinity : gap / Math.max(largest(numbers), Number.MIN_VALUE), tolerance)
}

export const compareNumber = (what: string, got: number, wanted: number, tolerance: number): string | undefined =>
  report(what, Math.abs(got - wanted) / Math.max(Math.abs(wanted), Number.MIN_VALUE), tolerance)

/** Compares one gradient on the scale of the largest of the file. */
export const compareGradient = (
  name: string,
  got: Constant,
  wanted: FixtureGradient,
  scale: number,
  tolerance: number,
): string | undefined => {
  const { data } = got.attributes
  const picked = wanted.values.map((value, i) => value - (data[wanted.index?.[i] ?? i] as number))
  let [squares, sum] = [0, 0]
  for (const value of data) {
    squares += value * value
    sum += value
  }
  const gaps = [...picked, Math.sqrt(squares) - wanted.l2, (sum - wanted.sum) / Math.sqrt(data.length)]
  return report(`gradient of '${name}'`, gaps.some(Number.isNaN) ? Infinity : largest(gaps) / scale, tolerance)
}
