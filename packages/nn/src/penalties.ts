import { abs, add, eye, matmul, mul, reshape, ShapeError, square, sub, sum, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'

/** Which parameters a penalty reads, by their path; default: all. */
export interface PenaltyOptions {
  readonly where?: (path: string, parameter: Tensor) => boolean
}

/**
 * Tells kernels and tables from biases and scales: a filter for penalties.
 *
 * @example
 * import { kernelsOnly } from '@grad-ts/nn'
 * ['hidden.kernel', 'hidden.bias'].filter(kernelsOnly) // => ['hidden.kernel']
 */
export const kernelsOnly = (path: string): boolean => /(^|\.)(kernel|recurrent|table)$/.test(path)

const nothing = tensor(Float32Array.of(0), { shape: [] })

const overLeaves = (params: Tree<Tensor>, { where = () => true }: PenaltyOptions, of: (parameter: Tensor) => Tensor): Tensor => {
  const terms = entries<Tensor>(params)
    .filter(([path, leaf]) => where(path, leaf))
    .map(([, leaf]) => of(leaf))
  return terms.length === 0 ? nothing : terms.reduce((total, term) => add(total, term))
}

/**
 * weight·Σ|p| over all parameters, a term to add to a loss: it drives parameters to exactly 0.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { kernelsOnly, l1Penalty } from '@grad-ts/nn'
 * const params = { kernel: tensor([[1, -2]]), bias: tensor([5, 5]) }
 * toNumber(l1Penalty(params, 0.5, { where: kernelsOnly })) // => 1.5
 */
export const l1Penalty = (params: Tree<Tensor>, weight: number, options: PenaltyOptions = {}): Tensor =>
  mul(
    overLeaves(params, options, (parameter) => sum(abs(parameter))),
    weight,
  )

/**
 * weight·Σp² over all parameters (Keras' convention, without a half).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { l2Penalty } from '@grad-ts/nn'
 * toNumber(l2Penalty({ kernel: tensor([[1, -2]]) }, 0.5)) // => 2.5
 */
export const l2Penalty = (params: Tree<Tensor>, weight: number, options: PenaltyOptions = {}): Tensor =>
  mul(
    overLeaves(params, options, (parameter) => sum(square(parameter))),
    weight,
  )

/**
 * l1·Σ|p| + l2·Σp² over all parameters (Zou and Hastie, 2005).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { elasticPenalty } from '@grad-ts/nn'
 * toNumber(elasticPenalty({ kernel: tensor([[1, -2]]) }, { l1: 1, l2: 1 })) // => 8
 */
export const elasticPenalty = (
  params: Tree<Tensor>,
  { l1, l2, ...options }: { readonly l1: number; readonly l2: number } & PenaltyOptions,
): Tensor => add(l1Penalty(params, l1, options), l2Penalty(params, l2, options))

const gramDistance = (parameter: Tensor): Tensor => {
  if (parameter.shape.length < 2)
    throw new ShapeError('orthogonalPenalty', [parameter], 'expected parameters of two axes or more; choose them with `where`')
  const rows = reshape(parameter, [-1, parameter.shape.at(-1) as number])
  const [inputs, outputs] = rows.shape as [number, number]
  const tall = inputs >= outputs
  const gram = matmul(rows, rows, { transposeA: tall, transposeB: !tall, precision: 'full' })
  return sum(square(sub(gram, eye(tall ? outputs : inputs, parameter.dtype))))
}

/**
 * weight·Σ|PᵀP − 1|² over the parameters (P·Pᵀ for wide ones): keeps columns (rows) orthonormal. By default reads kernels only.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { orthogonalPenalty } from '@grad-ts/nn'
 * toNumber(orthogonalPenalty({ kernel: tensor([[1, 0], [0, 2]]) }, 1)) // => 9
 * @see Brock et al., Neural photo editing with introspective adversarial networks, 2016, arXiv:1609.07093
 */
export const orthogonalPenalty = (params: Tree<Tensor>, weight: number, options: PenaltyOptions = {}): Tensor =>
  mul(overLeaves(params, { where: kernelsOnly, ...options }, gramDistance), weight)
