import { splitKey } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { lambda, statefulLayer } from '../layer.ts'
import type { Context, Layer, TensorFunction } from '../layer.ts'

/** What a model is put together from: layers, and plain functions of one tensor. */
export type Part = Layer | TensorFunction

type ParamsOf<P> = P extends { init(key: Tensor): infer Params } ? Params : null
type StateOf<P> = P extends { initState(): infer State } ? State : null

/** The parameters (or states) of parts, under the same keys. */
type Gathered<Parts, Kind extends 'params' | 'state'> = {
  readonly [Key in keyof Parts]: Extract<Kind extends 'params' ? ParamsOf<Parts[Key]> : StateOf<Parts[Key]>, Tree<Tensor>>
}

export type SequentialLayer<Parts> = Layer<
  Extract<Gathered<Parts, 'params'>, Tree<Tensor>>,
  Extract<Gathered<Parts, 'state'>, Tree<Tensor>>
>

type Children = Readonly<Record<string, Tree<Tensor>>>

/** Gives a part its own key, so that two dropout layers do not drop alike. */
const contextOf = (context: Context, keys: readonly Tensor[] | undefined, position: number): Context => {
  const key = keys?.[position]
  return key === undefined ? context : { ...context, key }
}

const inOrder = (parts: readonly (readonly [string, Layer])[], gather: (values: Tree<Tensor>[]) => Tree<Tensor>): Layer =>
  statefulLayer<Tree<Tensor>, Tree<Tensor>>({
    name: 'sequential',
    init: (key) => {
      const keys = splitKey(key, parts.length)
      return gather(parts.map(([, part], i) => part.init(keys[i] as Tensor)))
    },
    initState: () => gather(parts.map(([, part]) => part.initState())),
    applyWithState: (params, state, x, context) => {
      const keys = context.key === undefined ? undefined : splitKey(context.key, parts.length)
      let y = x
      const states = parts.map(([name, part], i) => {
        const [output, next] = part.applyWithState(
          (params as Children)[name] ?? null,
          (state as Children)[name] ?? null,
          y,
          contextOf(context, keys, i),
        )
        y = output
        return next
      })
      return [y, gather(states)]
    },
  })

const asLayer = (part: Part): Layer => (typeof part === 'function' ? (lambda(part, part.name) as Layer) : part)

/**
 * Passes a tensor through parts in turn. Parts are layers or functions of one tensor; given as arguments, their parameters form an
 * array (paths `0.kernel`, `2.kernel`), given as a record, a record with the same keys (paths `hidden.kernel`).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { paths } from '@grad-ts/tree'
 * import { dense, relu, sequential } from '@grad-ts/nn'
 * const model = sequential({ hidden: dense({ in: 4, out: 8 }), relu, out: dense({ in: 8, out: 2 }) })
 * const params = model.init(key(0))
 * model.apply(params, ones([5, 4])).shape // => [5, 2]
 * paths(params) // => ['hidden.bias', 'hidden.kernel', 'out.bias', 'out.kernel']
 */
export function sequential<const Parts extends Readonly<Record<string, Part>>>(parts: Parts): SequentialLayer<Parts>
export function sequential<const Parts extends readonly Part[]>(...parts: Parts): SequentialLayer<Parts>
export function sequential(...args: readonly (Part | Readonly<Record<string, Part>>)[]): Layer {
  const [first] = args
  const named = args.length === 1 && typeof first === 'object' && !('applyWithState' in first)
  if (!named)
    return inOrder(
      (args as readonly Part[]).map((part, i) => [String(i), asLayer(part)]),
      (values) => values,
    )
  const names = Object.keys(first)
  return inOrder(
    Object.entries(first as Readonly<Record<string, Part>>).map(([name, part]) => [name, asLayer(part)]),
    (values) => Object.fromEntries(names.map((name, i) => [name, values[i] ?? null])),
  )
}
