import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { flatNumbers } from './fixture.ts'

/** How far numpy's float32 is from its float64. */
export interface Rounding {
  readonly max_abs: number | string
  readonly max_rel: number | string
}

/** The largest difference allowed for a number, given the largest in its tree. */
export type Bound = (wanted: number, largest: number) => number

/** For float64: 1e-9 relative; numbers far below the largest of their tree are left over from cancellation. */
export const exactBound: Bound = (wanted, largest) => 1e-9 * Math.max(Math.abs(wanted), 1e-3 * largest, 1e-12)

const finite = (value: number | string | undefined): number => (Number.isFinite(Number(value)) ? Number(value) : 0)

/** For float32: a few times what numpy's rounding did, plus 1e-6. */
export const roundedBound =
  (rounding: Rounding | undefined): Bound =>
  (wanted, largest) => {
    const relative = (4 * finite(rounding?.max_rel) + 1e-6) * Math.max(Math.abs(wanted), 1e-3)
    return Math.max(relative, 4 * finite(rounding?.max_abs) + 1e-6 * Math.max(Math.abs(wanted), Math.min(largest, 1)))
  }

/** For updates in float32, which may be tiny: a few times how far numpy's are away in this step, plus 1e-5 of the largest. */
export const roundedUpdateBound = (single: unknown, double: unknown): Bound => {
  const [a, b] = [flatNumbers(single), flatNumbers(double)]
  const away = a.reduce((size, value, i) => Math.max(size, finite(Math.abs(value - (b[i] as number)))), 0)
  return (wanted, largest) => 4 * away + 1e-5 * Math.max(Math.abs(wanted), largest) + 1e-12
}

const same = (found: number, wanted: number, allowed: number): boolean =>
  found === wanted || (Number.isNaN(found) && Number.isNaN(wanted)) || Math.abs(found - wanted) <= allowed

/** Tells where numbers differ from wanted ones by more than a bound, or nothing. */
export const differenceOfNumbers = (
  what: string,
  found: readonly number[],
  wanted: readonly number[],
  bound: Bound,
): string | undefined => {
  if (found.length !== wanted.length) return `${what}: expected ${wanted.length} numbers, got ${found.length}`
  const largest = wanted.reduce((size, value) => (Number.isFinite(value) ? Math.max(size, Math.abs(value)) : size), 0)
  const at = wanted.findIndex((value, i) => !same(found[i] as number, value, bound(value, largest)))
  return at === -1 ? undefined : `${what}[${at}]: expected ${wanted[at]}, got ${found[at]}`
}

/** The elements of a tree of constants, leaves in canonical order. */
export const elementsOf = (tree: Tree<Tensor>): number[] =>
  leaves(tree).flatMap((leaf) => Array.from((leaf as Constant).attributes.data, Number))

/** Tells where a tree differs from a fixture's by more than a bound, or nothing. */
export const differenceOfTrees = (what: string, found: Tree<Tensor>, wanted: unknown, bound: Bound): string | undefined =>
  differenceOfNumbers(what, elementsOf(found), flatNumbers(wanted), bound)
