import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { transformationMap, transformations } from '../fields.ts'
import type { GradientTransformation, StateOf, UpdateContext } from '../transformation.ts'

/** The states of a list of transformations, in order. */
export type ChainState<Transformations extends readonly unknown[]> = {
  readonly [Index in keyof Transformations]: StateOf<Transformations[Index]>
}

const runInTurn = (
  parts: readonly GradientTransformation[],
  updates: Tree<Tensor>,
  states: readonly Tree<Tensor>[],
  context: UpdateContext | undefined,
): readonly [Tree<Tensor>, Tree<Tensor>[]] => {
  let current = updates
  const next = parts.map((part, i) => {
    const [changed, state] = part.update(current, states[i] as Tree<Tensor>, context)
    current = changed
    return state
  })
  return [current, next]
}

export const chainOf = define<{ readonly transformations: readonly GradientTransformation[] }, readonly Tree<Tensor>[]>(
  'chain',
  { transformations: transformations() },
  ({ transformations: parts }) => ({
    init: (params) => parts.map((part) => part.init(params)),
    update: (updates, states, context) => runInTurn(parts, updates, states, context),
  }),
)

/**
 * Applies transformations one after another, the first one first. With no parts it is the identity.
 *
 * @param parts transformations; the state is the tuple of their states
 * @example
 * import { chain, clip, scale } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = chain(clip(1), scale(-0.5))
 * const params = { w: tensor([1, 2]) }
 * const [updates] = solver.update({ w: tensor([4, 0.5]) }, solver.init(params))
 * toArray((updates as typeof params).w) // => [-0.5, -0.25]
 */
export const chain = <const Parts extends readonly GradientTransformation[]>(
  ...parts: Parts
): GradientTransformation<ChainState<Parts> & readonly Tree<Tensor>[]> =>
  chainOf({ transformations: parts }) as unknown as GradientTransformation<ChainState<Parts> & readonly Tree<Tensor>[]>

export const namedChainOf = define<
  { readonly transformations: Readonly<Record<string, GradientTransformation>> },
  Readonly<Record<string, Tree<Tensor>>>
>('namedChain', { transformations: transformationMap() }, ({ transformations: parts }) => {
  const names = Object.keys(parts)
  const list = Object.values(parts)
  const named = (states: readonly Tree<Tensor>[]) => Object.fromEntries(names.map((name, i) => [name, states[i] as Tree<Tensor>]))
  return {
    init: (params) => named(list.map((part) => part.init(params))),
    update: (updates, states, context) => {
      const [next, nextStates] = runInTurn(
        list,
        updates,
        names.map((name) => states[name] as Tree<Tensor>),
        context,
      )
      return [next, named(nextStates)]
    },
  }
})

/**
 * Applies named transformations one after another, in the order they are written; the state is a record with the same names.
 *
 * @example
 * import { clip, namedChain, trace } from '@grad-ts/optim'
 * import { tensor } from '@grad-ts/tensor'
 * const solver = namedChain({ clipping: clip(1), momentum: trace(0.9) })
 * Object.keys(solver.init({ w: tensor([1]) })) // => ['clipping', 'momentum']
 */
export const namedChain = <Parts extends Readonly<Record<string, GradientTransformation>>>(
  parts: Parts,
): GradientTransformation<{ readonly [Name in keyof Parts]: StateOf<Parts[Name]> } & Readonly<Record<string, Tree<Tensor>>>> =>
  namedChainOf({ transformations: parts }) as unknown as GradientTransformation<
    { readonly [Name in keyof Parts]: StateOf<Parts[Name]> } & Readonly<Record<string, Tree<Tensor>>>
  >
