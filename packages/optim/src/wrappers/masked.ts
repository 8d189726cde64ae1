import type { Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { SpecError } from '../errors.ts'
import { labels as labelsField, mask as maskField, transformation, transformationMap } from '../fields.ts'
import { cutOut, putBack, resolveLabels, resolveMask } from '../masks.ts'
import type { Labels, Mask } from '../masks.ts'
import type { GradientTransformation, StateOf, UpdateContext } from '../transformation.ts'
import { setToZero } from '../transforms/stateless.ts'

/** Runs a rule on some leaves only; the others pass. */
const updateChosen = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  chosen: Tree<boolean>,
  updates: Tree<Tensor>,
  state: State,
  context: UpdateContext = {},
): readonly [Tree<Tensor>, State] => {
  const params = context.params === undefined ? {} : { params: cutOut(context.params, chosen) }
  const [next, after] = inner.update(cutOut(updates, chosen), state, { ...context, ...params })
  return [putBack(updates, next), after]
}

interface MaskedOptions {
  readonly inner: GradientTransformation
  readonly mask: Mask
}

export const maskedOf = define<MaskedOptions, Tree<Tensor>>('masked', { inner: transformation(), mask: maskField() }, (options) => {
  const { inner, mask } = options as unknown as MaskedOptions
  return {
    init: (params) => inner.init(cutOut(params, resolveMask(mask, params))),
    update: (updates, state, context) => updateChosen(inner, resolveMask(mask, context?.params ?? updates), updates, state, context),
  }
})

/**
 * Applies a transformation to some leaves only. The other leaves pass unchanged (they are not zeroed) and have no state.
 *
 * @param inner sees only the chosen leaves; its state is the state
 * @param mask a tree of booleans (which may stop above the leaves), a path pattern, or a predicate of path and parameter
 * @example
 * import { masked, scale } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const params = { w: tensor([1]), b: tensor([1]) }
 * const rule = masked(scale(-1), '**.w')
 * const [updates] = rule.update(params, rule.init(params))
 * toArray((updates as typeof params).w) // => [-1]
 * toArray((updates as typeof params).b) // => [1]
 */
export const masked = <State extends Tree<Tensor>>(inner: GradientTransformation<State>, mask: Mask): GradientTransformation<State> =>
  maskedOf({ inner, mask }) as unknown as GradientTransformation<State>

interface PartitionOptions {
  readonly transformations: Readonly<Record<string, GradientTransformation>>
  readonly labels: Labels
}

const checkLabels = (found: Tree<string>, known: readonly string[]): void => {
  for (const label of leaves(found))
    if (!known.includes(label)) throw new SpecError('partition.labels', `one of the labels ${known.join(', ')}`, JSON.stringify(label))
}

export const partitionOf = define<PartitionOptions, Readonly<Record<string, Tree<Tensor>>>>(
  'partition',
  { transformations: transformationMap(), labels: labelsField() },
  (options) => {
    const { transformations, labels } = options as unknown as PartitionOptions
    const names = Object.keys(transformations)
    const inner = (name: string) => transformations[name] as GradientTransformation
    const masksFor = (params: Tree<Tensor>) => {
      const found = resolveLabels(labels, params)
      checkLabels(found, names)
      return (name: string) => map((label: string) => label === name, found)
    }
    return {
      init: (params) => {
        const maskFor = masksFor(params)
        return Object.fromEntries(names.map((name) => [name, inner(name).init(cutOut(params, maskFor(name)))]))
      },
      update: (updates, states, context) => {
        const maskFor = masksFor(context?.params ?? updates)
        let current = updates
        const after = names.map((name) => {
          const [next, state] = updateChosen(inner(name), maskFor(name), current, states[name] as Tree<Tensor>, context)
          current = next
          return [name, state] as const
        })
        return [current, Object.fromEntries(after)]
      },
    }
  },
)

/**
 * Applies to each leaf the transformation of its label.
 *
 * @param transformations by label
 * @param labels a tree of labels (which may stop above the leaves), `{ rules: [[pattern, label], …] }` of which the first match counts, or a function
 * @throws {SpecError} at `init` when a leaf has no label or one without a transformation
 * @example
 * import { partition, scale, setToZero } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const params = { body: { w: tensor([1]) }, head: { w: tensor([1]) } }
 * const rule = partition({ train: scale(-1), frozen: setToZero() }, { body: 'frozen', head: 'train' })
 * const [updates] = rule.update(params, rule.init(params))
 * toArray((updates as typeof params).body.w) // => [0]
 * toArray((updates as typeof params).head.w) // => [-1]
 */
export const partition = <Transformations extends Readonly<Record<string, GradientTransformation>>>(
  transformations: Transformations,
  labels: Labels,
): GradientTransformation<
  { readonly [Name in keyof Transformations]: StateOf<Transformations[Name]> } & Readonly<Record<string, Tree<Tensor>>>
> =>
  partitionOf({ transformations, labels }) as unknown as GradientTransformation<
    { readonly [Name in keyof Transformations]: StateOf<Transformations[Name]> } & Readonly<Record<string, Tree<Tensor>>>
  >

export const freezeOf = define<{ readonly mask: Mask }, Tree<Tensor>>('freeze', { mask: maskField() }, (options) =>
  masked(setToZero() as GradientTransformation, (options as unknown as { mask: Mask }).mask),
)

/**
 * Zeroes the updates of some leaves. Put it last in a chain, or use `partition` to save their state too.
 *
 * @param mask which leaves stay as they are
 * @example
 * import { freeze } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const params = { body: tensor([1]), head: tensor([1]) }
 * const rule = freeze('body')
 * const [updates] = rule.update(params, rule.init(params))
 * toArray((updates as typeof params).body) // => [0]
 */
export const freeze = (mask: Mask): GradientTransformation => freezeOf({ mask })

interface SelectiveOptions {
  readonly inner: GradientTransformation
  readonly freezeMask: Mask
}

export const selectiveTransformOf = define<SelectiveOptions, Tree<Tensor>>(
  'selectiveTransform',
  { inner: transformation(), freezeMask: maskField() },
  (options) => {
    const { inner, freezeMask } = options as unknown as SelectiveOptions
    const invert = (params: Tree<Tensor>) => map((frozen: boolean) => !frozen, resolveMask(freezeMask, params))
    const zeroed = (updates: Tree<Tensor>, params: Tree<Tensor>) => freeze(resolveMask(freezeMask, params)).update(updates, null)[0]
    return {
      init: (params) => inner.init(cutOut(params, invert(params))),
      update: (updates, state, context) => {
        const params = context?.params ?? updates
        const [next, after] = updateChosen(inner, invert(params), updates, state, context)
        return [zeroed(next, params), after]
      },
    }
  },
)

/**
 * Trains some leaves and freezes the others, which have no state.
 *
 * @param inner sees only the leaves that train
 * @param options.freezeMask which leaves stay as they are
 */
export const selectiveTransform = (inner: GradientTransformation, { freezeMask }: { readonly freezeMask: Mask }): GradientTransformation =>
  selectiveTransformOf({ inner, freezeMask })
