import { expect } from 'vitest'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { showOperand } from '@grad-ts/tensor'
import type { Constant, DType } from '@grad-ts/tensor'

/** How far two computations may differ, relative to the element, or to the largest of them (at most 10) where that is more. */
const tolerances: Readonly<Record<DType, number>> = { float32: 2e-6, float64: 1e-12, float16: 2e-3, int32: 0, bool: 0 }

const compare = (actual: Constant, expected: Constant, tolerance: number): void => {
  expect(showOperand(actual)).toBe(showOperand(expected))
  const magnitudes = Array.from(expected.attributes.data, Math.abs).filter(Number.isFinite)
  const scale = Math.min(Math.max(...magnitudes, 1e-3), 10)
  expected.attributes.data.forEach((value, i) => {
    const other = actual.attributes.data[i] as number
    const allowed = tolerance * Math.max(Math.abs(value), scale)
    const same = Number.isFinite(value) ? Math.abs(value - other) <= allowed : Object.is(value, other)
    expect(same, `element ${i}: ${other}, expected ${value}`).toBe(true)
  })
}

/** Expects two trees of constants to hold the same numbers up to rounding. */
export const expectAgreement = (actual: Tree<Constant>, expected: Tree<Constant>, tolerance?: number): void => {
  const wanted = leaves<Constant>(expected)
  leaves<Constant>(actual).forEach((value, i) => compare(value, wanted[i] as Constant, tolerance ?? tolerances[value.dtype]))
}
