import { paths } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'
import { chain, masked, matchesPath, partition, scale } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { SettingsError } from '../errors.ts'
import type { SolverSpec } from './options.ts'
import { solverOf } from './solver.ts'

/** Parameters that train by a rule of their own. It is plain JSON where the solver is a spec. */
export type ParameterGroup = {
  /** Their paths: one or more patterns such as `encoder.**` or `**.bias`. */
  readonly params: string | readonly string[]
} & (
  | {
      /** Factor on the learning rate of the run's solver (more exactly: on its updates), such as 0.1 for a pretrained body. */
      readonly scale: number
      readonly solver?: undefined
    }
  | {
      /** A solver for them alone, or its JSON spec. */
      readonly solver: GradientTransformation | SolverSpec
      readonly scale?: undefined
    }
)

/** Makes a test of paths out of patterns; one match is enough. */
export const pathTest = (patterns: readonly string[] | ((path: string) => boolean)): ((path: string) => boolean) =>
  typeof patterns === 'function' ? patterns : (path) => patterns.some((pattern) => matchesPath(pattern, path))

/**
 * Refuses patterns that fit no parameter: a misspelt one would do nothing.
 *
 * @throws {SettingsError}
 */
export const checkPatterns = (setting: string, patterns: readonly string[], params: Tree<Tensor>): void => {
  const known = paths(params)
  const shown = known.length > 8 ? [...known.slice(0, 8), '…'] : known
  for (const pattern of patterns)
    if (!known.some((path) => matchesPath(pattern, path)))
      throw new SettingsError(setting, `a pattern of one of the parameters ${shown.join(', ')}`, `'${pattern}'`)
}

const patternsOf = ({ params }: ParameterGroup): readonly string[] => (typeof params === 'string' ? [params] : params)

const checkGroup = (group: ParameterGroup, i: number, params: Tree<Tensor>): void => {
  checkPatterns(`groups.${i}.params`, patternsOf(group), params)
  if ((group.scale === undefined) === (group.solver === undefined))
    throw new SettingsError(`groups.${i}`, 'either a scale or a solver', group.scale === undefined ? 'neither' : 'both')
  if (group.scale !== undefined && !(Number.isFinite(group.scale) && group.scale >= 0))
    throw new SettingsError(`groups.${i}.scale`, 'a finite number of at least 0', String(group.scale))
}

const ownName = (i: number): string => `group${i}`

/**
 * Gives groups of parameters their own learning rates and solvers.
 *
 * @param solver the rule of all other parameters
 * @throws {SettingsError} when a group fits no parameter
 */
export const groupedSolver = async (
  solver: GradientTransformation,
  groups: readonly ParameterGroup[],
  params: Tree<Tensor>,
): Promise<GradientTransformation> => {
  groups.forEach((group, i) => checkGroup(group, i, params))
  const numberOf = (path: string): number => groups.findIndex((group) => pathTest(patternsOf(group))(path))
  const hasOwn = (path: string): boolean => groups[numberOf(path)]?.solver !== undefined
  const own: [string, GradientTransformation][] = []
  for (const [i, group] of groups.entries())
    if (group.solver !== undefined) own.push([ownName(i), await solverOf(`groups.${i}.solver`, group.solver)])
  // The others come last: the learning rate that a run reports is theirs.
  const rest: [string, GradientTransformation][] = paths(params).every(hasOwn) ? [] : [['rest', solver]]
  const rules = Object.fromEntries([...own, ...rest])
  const base = own.length === 0 ? solver : partition(rules, (path) => (hasOwn(path) ? ownName(numberOf(path)) : 'rest'))
  const scales = groups.flatMap(({ scale: factor }, i) =>
    factor === undefined ? [] : [masked(scale(factor) as GradientTransformation, (path) => numberOf(path) === i)],
  )
  return scales.length === 0 ? base : chain(base as GradientTransformation, ...scales)
}
