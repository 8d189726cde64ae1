import { add, cast, isFloat, key as makeKey, log, mul, exp, normal, splitKey } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { leaves, map, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { nonNegative, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar, root, times } from '../numerics/scalar-math.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Steps made and the random key of the next step. */
export type AddNoiseState = { readonly count: Tensor; readonly key: Tensor }

/** Options of gradient noise. */
export interface AddNoiseOptions {
  /** Variance of the noise in the first step, ≥ 0. */
  readonly eta: Hyperparameter
  /** Exponent with which the variance falls, ≥ 0. */
  readonly gamma: Hyperparameter
  /** Seed of the noise, a whole number ≥ 0; default 0. */
  readonly seed?: number
}

/** Normal noise in the shapes of a tree, and the key of the next draw. */
export const noiseLike = (key: Tensor, tree: Tree<Tensor>): readonly [Tree<Tensor>, Tensor] => {
  const parts = leaves(tree)
  const [next, ...keys] = splitKey(key, parts.length + 1) as Tensor[]
  const dtypeOf = (leaf: Tensor): FloatDType => (isFloat(leaf.dtype) ? leaf.dtype : 'float32')
  return [
    unflatten(
      tree,
      parts.map((leaf, i) => normal(keys[i] as Tensor, leaf.shape, { dtype: dtypeOf(leaf) })),
    ),
    next as Tensor,
  ]
}

/**
 * Adds normal noise whose variance falls with the steps.
 *
 * u = g + √(eta/t^gamma)·N(0, 1)
 *
 * @example
 * import { addNoise } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = addNoise({ eta: 0, gamma: 0.55, seed: 1 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [4]
 * @see Neelakantan et al., Adding Gradient Noise Improves Learning for Very Deep Networks, 2015, arXiv:1511.06807
 */
export const addNoise = define<AddNoiseOptions, AddNoiseState>(
  'addNoise',
  { eta: nonNegative(), gamma: nonNegative(), seed: wholeNumber(0, 0) },
  ({ eta, gamma, seed }) => ({
    init: () => ({ count: counter(), key: makeKey(seed) }),
    update: (updates, state) => {
      const dtype = floatDType(updates)
      const t = increment(state.count)
      const [noise, key] = noiseLike(state.key, updates)
      const exponent = times(gamma, -0.5)
      const deviation = mul(asScalar(root(eta), dtype), exp(mul(log(cast(t, dtype)), asScalar(exponent, dtype))))
      return [map((g: Tensor, n: Tensor) => add(g, mul(n, at(deviation, n))), updates, noise), { count: t, key }]
    },
  }),
)
