import { entries, mapWithPath } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import { add, evaluate, key, matmul, mul, normal, reshape, sizeOf, splitKey, zeros } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import { OnnxOptionError } from '../import/errors.ts'
import { select } from '../import/select.ts'
import type { Selector } from '../import/select.ts'

/** Two thin factors whose product is added to a weight: `b` `[rows, rank]` and `a` `[rank, columns]`. */
export type Adapter<T extends Tensor = Tensor> = {
  readonly a: T
  readonly b: T
}

export type Adapters<T extends Tensor = Tensor> = Readonly<Record<string, Adapter<T>>>

export interface LoraOptions {
  /** Which weights are adapted; default: every weight of two or more axes. */
  readonly targets?: Selector
  /** The rank of the update. Default 8. */
  readonly rank?: number
  /** The update is scaled by alpha / rank. Default: the rank. */
  readonly alpha?: number
  /** Draws the first factors. Default 0. */
  readonly seed?: number
}

export interface Lora<Params, Rest extends readonly unknown[], Result> {
  /** What is trained in place of the weights. */
  readonly params: Adapters<Constant>
  readonly apply: (adapters: Adapters, ...rest: Rest) => Result
  /** What the product of the factors is multiplied by: alpha / rank. */
  readonly scale: number
  /** Multiplies the adapters into the weights: a tree like the original parameters. */
  readonly merge: (adapters: Adapters) => MapLeaves<Params, Tensor, Constant>
}

const matrixOf = ({ shape }: Tensor): readonly [number, number] => [shape[0] as number, sizeOf(shape.slice(1))]

const targetsOf = (named: ReadonlyMap<string, Tensor>, targets: Selector | undefined): string[] => {
  const weights = Array.from(named, ([name, { shape, dtype }]) => ({ name, shape, dtype }))
  const matrices = weights.filter(({ shape }) => shape.length >= 2)
  if (targets === undefined) return matrices.map(({ name }) => name)
  const chosen = select('lora', targets, weights)
  const thin = weights.find(({ name, shape }) => chosen.has(name) && shape.length < 2)
  if (thin !== undefined)
    throw new OnnxOptionError(
      'lora',
      `lora: '${thin.name}' has the shape [${thin.shape.join(', ')}]; only weights of two or more axes have low-rank updates`,
    )
  return [...chosen]
}

/**
 * Low-rank adaptation: trains two thin factors beside each chosen weight and leaves the weight as it is.
 *
 * W′ = W + α/r · B·A, with B = 0 at first, so that training starts at the model. Weights of more than two axes count as matrices
 * of their first axis by all others. Edward J. Hu and others, "LoRA: Low-Rank Adaptation of Large Language Models", 2021, arXiv:2106.09685.
 *
 * @param params the weights: a record by name, or a tree, whose weights are named by their paths
 * @param apply a function whose first argument are the weights
 * @example
 * import { lora } from '@grad-ts/onnx'
 * import { matmul, ones, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const model = { w: ones([3, 2]) }
 * const adapted = lora(model, (params, x: Tensor) => matmul(x, params.w), { rank: 1 })
 * Object.keys(adapted.params) // => ['w']
 * toArray(adapted.apply(adapted.params, ones([1, 3]))) // => [[3, 3]]
 */
export const lora = <Params extends Tree<Tensor>, Rest extends readonly unknown[], Result>(
  params: Params,
  apply: (params: Params, ...rest: Rest) => Result,
  { targets, rank = 8, alpha = rank, seed = 0 }: LoraOptions = {},
): Lora<Params, Rest, Result> => {
  if (!Number.isInteger(rank) || rank < 1) throw new OnnxOptionError('lora', `lora: expected a rank of 1 or more, got ${rank}`)
  const weights = new Map(entries<Tensor>(params))
  const names = targetsOf(weights, targets)
  const keys = splitKey(key(seed), Math.max(1, names.length))
  const first = names.map((name, i) => {
    const weight = weights.get(name) as Tensor
    const [rows, columns] = matrixOf(weight)
    const dtype = weight.dtype as FloatDType
    const a = evaluate(normal(keys[i] as Tensor, [rank, columns], { stddev: 1 / Math.sqrt(columns), dtype })) as Constant
    return [name, { a, b: evaluate(zeros([rows, rank], dtype)) as Constant }] as const
  })
  const chosen = new Set(names)
  const adapted = (adapters: Adapters): Params =>
    mapWithPath((name, weight: Tensor) => {
      if (!chosen.has(name)) return weight
      const { a, b } = adapters[name] as Adapter
      return add(weight, reshape(mul(matmul(b, a), alpha / rank), weight.shape))
    }, params as Tree<Tensor>) as Params
  return {
    params: Object.fromEntries(first),
    scale: alpha / rank,
    apply: (adapters, ...rest) => apply(adapted(adapters), ...rest),
    merge: (adapters) => evaluate(adapted(adapters) as Tree<Tensor>) as MapLeaves<Params, Tensor, Constant>,
  }
}
