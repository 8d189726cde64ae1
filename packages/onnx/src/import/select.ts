import type { DType, Shape } from '@grad-ts/tensor'
import { OnnxOptionError } from './errors.ts'
import type { StoredGraph } from './ir.ts'

/** What a predicate may ask of a weight. */
export interface WeightInfo {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
}

/** Chooses weights: a name with `*` for any characters, a regular expression, a predicate, or several of these. */
export type Selector = string | RegExp | ((weight: WeightInfo) => boolean) | readonly Selector[]

const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)

const matcher = (selector: Exclude<Selector, readonly Selector[]>): ((weight: WeightInfo) => boolean) => {
  if (typeof selector === 'function') return selector
  const pattern = typeof selector === 'string' ? new RegExp(`^${escaped(selector).replaceAll('*', '.*')}$`) : selector
  // A global expression keeps its place between calls.
  return ({ name }) => name.search(pattern) >= 0
}

const flatten = (selector: Selector): Exclude<Selector, readonly Selector[]>[] =>
  Array.isArray(selector) ? (selector as readonly Selector[]).flatMap(flatten) : [selector as Exclude<Selector, readonly Selector[]>]

const show = (selector: Selector): string => (typeof selector === 'function' ? 'the predicate' : `'${String(selector)}'`)

/**
 * Names the weights that a selector chooses.
 *
 * @throws {OnnxOptionError} when a part of the selector chooses none
 */
export const select = (option: string, selector: Selector, weights: readonly WeightInfo[]): Set<string> => {
  const chosen = new Set<string>()
  for (const part of flatten(selector)) {
    const matching = weights.filter(matcher(part))
    if (matching.length === 0 && typeof part !== 'function')
      throw new OnnxOptionError(
        option,
        `${option}: ${show(part)} matches no weight; the model has ${weights
          .slice(0, 8)
          .map(({ name }) => `'${name}'`)
          .join(', ')}${weights.length > 8 ? `, … (${weights.length})` : ''}`,
      )
    for (const { name } of matching) chosen.add(name)
  }
  return chosen
}

const near = (graph: StoredGraph, name: string): string => {
  const names = graph.nodes.flatMap(({ outputs }) => outputs).filter((output) => output !== '')
  const alike = names.filter((other) => other.toLowerCase().includes(name.toLowerCase())).slice(0, 5)
  const shown = alike.length > 0 ? alike : names.slice(-5)
  return shown.map((other) => `'${other}'`).join(', ')
}

/**
 * Checks that a graph has a tensor.
 *
 * @throws {OnnxOptionError} naming tensors that it has
 */
export const checkTensor = (option: string, graph: StoredGraph, name: string): void => {
  if (!graph.nodes.some(({ outputs }) => outputs.includes(name)) && !graph.inputs.some((declared) => declared.name === name))
    throw new OnnxOptionError(option, `${option}: the graph has no tensor '${name}'; did you mean one of ${near(graph, name)}?`)
}
