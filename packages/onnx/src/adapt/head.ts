import { entries, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { evaluate } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { OnnxOptionError } from '../import/errors.ts'
import { buildModel } from '../import/model.ts'
import type { NamedTensors, OnnxModel } from '../import/types.ts'
import { endAt } from './cut.ts'

/** Layers to put behind a tensor of a model. */
export interface Head<Params extends Tree<Tensor>> {
  /** The tensor that the layers read. */
  readonly at: string
  /** Their first weights. */
  readonly params: Params
  readonly apply: (params: Params, x: Tensor) => Tensor
  /** Prefix of their weights' names. Default 'head'. */
  readonly name?: string
  /** The name of the new output. Default: the model's only output, else 'output'. */
  readonly output?: string
}

/**
 * Puts new layers in the place of everything behind a tensor, such as a classifier for other classes.
 *
 * @param head where it starts, its first weights and its function; the weights join `params` as `head.…`
 * @returns a model with one output; `toOnnx` appends the layers to the file as standard operators
 * @throws {OnnxOptionError} when the graph has no such tensor, or a name is taken
 * @example
 * import { exportModelOrThrow, fromOnnxOrThrow, replaceHead } from '@grad-ts/onnx'
 * import { matmul, ones } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * const model = await fromOnnxOrThrow(bytes, { dims: { batch: 1 } })
 * const five = replaceHead(model, { at: 'output', params: { w: ones([2, 5]) }, apply: (own, x) => matmul(x, own.w) })
 * Object.keys(five.params) // => ['kernel', 'head.w']
 */
export const replaceHead = <Params extends Tree<Tensor>>(
  model: OnnxModel,
  { at, params, apply, name = 'head', output }: Head<Params>,
): OnnxModel => {
  const source = endAt('replaceHead', model, [at])
  const weights = entries<Tensor>(params)
  const own = Object.fromEntries(weights.map(([path, value]) => [`${name}.${path}`, evaluate(value) as Constant]))
  const taken = Object.keys(own).find((key) => source.weights.has(key))
  if (taken !== undefined)
    throw new OnnxOptionError('replaceHead', `replaceHead: the file has a weight '${taken}'; give the head another name`)
  const [only, ...others] = model.outputs
  const result = output ?? (only !== undefined && others.length === 0 ? only.name : 'output')
  const graft = {
    name,
    at,
    output: result === at ? `${result}.${name}` : result,
    apply: (named: NamedTensors, x: Tensor) =>
      apply(
        unflatten(
          params,
          weights.map(([path]) => named[path] as Tensor),
        ) as Params,
        x,
      ),
  }
  return buildModel({ ...source, grafts: [graft] }, own)
}
