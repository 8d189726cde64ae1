import { add, div, greater, max, minimum, mul, reshape, sqrt, square, where, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, hyper, nonNegative } from '../fields.ts'
import { updateMoment } from '../numerics/moments.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { expand, unzip, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'

/** For every leaf one vector per axis, and the average of the updates. */
export type ScaleBySm3State = { readonly mu: Tree<Tensor>; readonly nu: Tree<Tensor> }

/** Options of SM3's rule. */
export interface ScaleBySm3Options {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the sums of squares, in [0, 1]; default 1. */
  readonly b2?: Hyperparameter
  /** Added under the root; default 1e-8. */
  readonly eps?: Hyperparameter
}

const expandedShape = (rank: number, axis: number, length: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === axis ? length : 1))

/** The sum of squares of each element: the smallest of what its axes remember, plus the new square. */
const accumulate = (g: Tensor, memory: readonly Tensor[], b2: Scalar): Tensor => {
  const rank = g.shape.length
  const remembered = memory.map((vector, axis) => reshape(vector, expandedShape(rank, axis, g.shape[axis] as number)))
  const least = remembered.reduce<Tensor | undefined>((low, each) => (low === undefined ? each : minimum(low, each)), undefined)
  const fresh = b2 === 1 ? square(g) : mul(square(g), at(oneMinus(b2), g))
  return least === undefined ? fresh : add(fresh, b2 === 1 ? least : mul(least, at(b2, least)))
}

const remember = (sums: Tensor): Tensor[] =>
  sums.shape.map((_, axis) => {
    const others = [...sums.shape.keys()].filter((each) => each !== axis)
    return others.length === 0 ? sums : max(sums, { axes: others })
  })

/**
 * Adagrad with one number per row, column, … instead of one per element.
 *
 * v = min over axes of the axis' memory + g²; m ← b1·m + (1 − b1)·g/√(v + eps); u = m; the memory of an axis is the largest v along the others
 *
 * @example
 * import { scaleBySm3 } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleBySm3({ b1: 0.5 })
 * toArray(rule.update(tensor([[4, -0.5]]), rule.init(tensor([[0, 0]])))[0] as Tensor) // => [[0.5, -0.5]]
 * @see Anil et al., Memory-Efficient Adaptive Optimization, 2019, arXiv:1901.11150
 */
export const scaleBySm3 = define<ScaleBySm3Options, ScaleBySm3State>(
  'scaleBySm3',
  { b1: decayRate(0.9), b2: hyper({ low: 0, high: 1 }, 1), eps: nonNegative(1e-8) },
  ({ b1, b2, eps }) => ({
    init: (params) => ({
      mu: expand((leaf) => leaf.shape.map((length) => zeros([length], leaf.dtype)), params),
      nu: zerosLikeTree(params),
    }),
    update: (updates, state) => {
      const memories = memoriesOf(updates, state.mu)
      const found = leaves(updates).map((g, i) => {
        const sums = accumulate(g, memories[i] as readonly Tensor[], b2)
        const divided = where(greater(sums, 0), div(g, sqrt(add(sums, at(eps, sums)))), 0)
        return { divided, memory: remember(sums) as Tree<Tensor> }
      })
      const nu = updateMoment(unzip(updates, found, 'divided'), state.nu, b1, 1)
      return [nu, { mu: unzip(updates, found, 'memory'), nu }]
    },
  }),
)

/** The vectors of each leaf, in the order of the leaves. */
const memoriesOf = (updates: Tree<Tensor>, memory: Tree<Tensor>): readonly (readonly Tensor[])[] => {
  const vectors = leaves(memory).values()
  return leaves(updates).map((leaf) => leaf.shape.map(() => vectors.next().value as Tensor))
}
