import type { Constant, TypedArray } from '@grad-ts/tensor'
import { NonFiniteRunError } from '../errors.ts'

/** What a run does whose outputs or new state are not finite: it gives them, or fails and leaves the state as it was. */
export type OnNonFinite = 'pass' | 'fail'

/**
 * Looks at what a run gives before it replaces the state.
 *
 * @throws {NonFiniteRunError} when it should not
 */
export type Guard = (outputs: readonly Constant[], state: readonly Constant[]) => void

const difference = (a: number, b: number): number => a - b

// A finite number less itself is zero, anything else NaN, which no sum loses: one pass without a branch.
const allFinite = (data: TypedArray): boolean => {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return true
  const at = (i: number): number => difference(data[i] as number, data[i] as number)
  // Four sums, since an addition waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0]
  let i = 0
  for (; i + 3 < data.length; i += 4) {
    a += at(i)
    b += at(i + 1)
    c += at(i + 2)
    d += at(i + 3)
  }
  for (; i < data.length; i++) a += at(i)
  return a + b + c + d === 0
}

/** The first step whose part of stacked outputs is not finite. */
const firstBadStep = (outputs: readonly Constant[], stepsPerRun: number | undefined): number =>
  Math.min(
    ...outputs
      .filter(({ attributes: { data } }) => !allFinite(data))
      .map(({ attributes: { data } }) => {
        const element = (data as Float32Array).findIndex((value) => !Number.isFinite(value))
        return Math.floor((element * (stepsPerRun ?? 1)) / data.length)
      }),
  )

/** Makes the guard for a way to treat numbers that are not finite. */
export const guardFor = (onNonFinite: OnNonFinite | undefined, stepsPerRun: number | undefined): Guard | undefined => {
  if (onNonFinite !== 'fail') return undefined
  return (outputs, state) => {
    const step = firstBadStep(outputs, stepsPerRun)
    if (Number.isFinite(step)) throw new NonFiniteRunError('outputs', step)
    if (!state.every(({ attributes: { data } }) => allFinite(data))) throw new NonFiniteRunError('state', undefined)
  }
}
