import type { Tensor } from '@grad-ts/tensor'
import { mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { callback } from '../fields.ts'
import type { GradientTransformation } from '../transformation.ts'

/** A function of the updates whose value is kept in the state, such as `globalNorm`. */
export type Measure = (updates: Tree<Tensor>) => Tree<Tensor>

/** The measured values by name. */
export type MonitorState<Name extends string = string> = { readonly [Key in Name]: Tree<Tensor> }

const isMeasures = (candidate: unknown): boolean =>
  typeof candidate === 'object' && candidate !== null && Object.values(candidate).every((each) => typeof each === 'function')

const measured = (measures: Readonly<Record<string, Measure>>, tree: Tree<Tensor>): MonitorState =>
  Object.fromEntries(Object.entries(measures).map(([name, measure]) => [name, measure(tree)]))

export const monitorOf = define<{ readonly measures: Readonly<Record<string, Measure>> }, MonitorState>(
  'monitor',
  { measures: { ...callback('a record of functions of the updates'), accepts: isMeasures } },
  ({ measures }) => ({
    init: (params) => measured(measures, params),
    update: (updates) => [updates, measured(measures, updates)],
  }),
)

/**
 * Passes the updates on and keeps functions of them in the state, where they can be read after the step.
 *
 * @param measures by name
 * @example
 * import { globalNorm, monitor } from '@grad-ts/optim'
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = monitor({ norm: globalNorm })
 * const [, state] = rule.update(tensor([3, 4]), rule.init(tensor([0, 0])))
 * toNumber(state.norm as Tensor) // => 5
 */
export const monitor = <Name extends string>(
  measures: Readonly<Record<Name, Measure>>,
): GradientTransformation<MonitorState<Name> & Readonly<Record<string, Tree<Tensor>>>> =>
  monitorOf({ measures }) as unknown as GradientTransformation<MonitorState<Name> & Readonly<Record<string, Tree<Tensor>>>>

/** `monitor` with one measure. */
export const snapshot = <Name extends string>(name: Name, measure: Measure) => monitor({ [name]: measure } as Record<Name, Measure>)

/** Names every leaf of a measure by the path of its update: `byPath(rootMeanSquare)` measures each leaf. */
export const byPath =
  (measure: (leaf: Tensor) => Tensor): Measure =>
  (updates) =>
    mapWithPath((_, leaf: Tensor) => measure(leaf), updates)
