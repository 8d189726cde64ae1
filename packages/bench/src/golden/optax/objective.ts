import { add, concat, mul, reshape, slice, square, sub, sum } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { UnknownName } from './errors.ts'
import { tensorsOf } from './fixture.ts'
import type { FixtureTree } from './fixture.ts'

/** The objectives of a file, by name. */
export type Objectives = Readonly<Record<string, { readonly formula: string; readonly c?: FixtureTree; readonly t?: FixtureTree }>>

/** ½·c·(p − t)², summed. */
const quadratic =
  (c: Tree<Tensor>, t: Tree<Tensor>) =>
  (params: Tree<Tensor>): Tensor =>
    leaves(map((p: Tensor, weight: Tensor, target: Tensor) => sum(mul(mul(square(sub(p, target)), weight), 0.5)), params, c, t)).reduce(
      (a, b) => add(a, b),
    )

/** A long narrow valley through all parameters in turn. */
const valley = (params: Tree<Tensor>): Tensor => {
  const x = concat(leaves(params).map((leaf) => reshape(leaf, [-1])))
  const [head, tail] = [slice(x, [{ end: -1 }]), slice(x, [{ start: 1 }])]
  return add(sum(mul(square(sub(tail, square(head))), 5)), sum(mul(square(sub(1, head)), 0.5)))
}

/** Gives an objective as a function of the parameters. */
export const objectiveOf = (objectives: Objectives | undefined, name: string, dtype: FloatDType): ((params: Tree<Tensor>) => Tensor) => {
  const { c, t } = objectives?.[name] ?? {}
  if (name === 'quadratic' && c !== undefined && t !== undefined) return quadratic(tensorsOf(c, dtype), tensorsOf(t, dtype))
  if (name === 'chain') return valley
  throw new UnknownName(`no objective '${name}' here`)
}
