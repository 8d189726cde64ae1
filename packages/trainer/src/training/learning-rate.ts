import { entries, get } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { isTensor, scalar } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { GradientTransformation, Hyperparameter } from '@grad-ts/optim'

const isHyperparameter = (value: unknown): value is Hyperparameter =>
  typeof value === 'number' || typeof value === 'function' || isTensor(value)

/** Looks through a transformation, and those that it is made of, for the learning rate that it was given. */
const findRate = (value: unknown): Hyperparameter | undefined => {
  if (Array.isArray(value)) return value.map(findRate).findLast((rate) => rate !== undefined)
  if (typeof value !== 'object' || value === null) return undefined
  const { origin } = value as Partial<GradientTransformation>
  if (origin === undefined) return isTensor(value) ? undefined : findRate(Object.values(value))
  const { learningRate, ...rest } = origin.options
  return isHyperparameter(learningRate) ? learningRate : findRate(Object.values(rest))
}

/**
 * Tells the counts that schedules read from those that belong to moments: beside the former stands at most the state of the
 * rule that is scheduled.
 */
export const isScheduleCount = (solverState: Tree<Tensor>, path: string): boolean => {
  const keys = path.split('.')
  if (keys.pop() !== 'count') return false
  const beside = Object.keys(get(solverState, keys.join('.')) as Readonly<Record<string, unknown>>)
  return beside.every((key) => key === 'count' || key === 'inner')
}

/** The number of updates that the solver's schedules have counted. */
const countOf = (solverState: Tree<Tensor>): Tensor | undefined =>
  entries<Tensor>(solverState).findLast(([path, leaf]) => leaf.shape.length === 0 && isScheduleCount(solverState, path))?.[1]

/**
 * Gives the learning rate that a solver uses in its next update, as a tensor of the graph.
 *
 * @param solverState the state before the update
 * @param step updates done so far, for solvers that do not count
 * @returns `null` when the solver was made without one
 */
export const learningRateOf = (solver: GradientTransformation, solverState: Tree<Tensor>, step: Tensor): Tensor | null => {
  const rate = findRate(solver)
  if (rate === undefined) return null
  if (typeof rate === 'function') return rate(countOf(solverState) ?? step)
  return isTensor(rate) ? rate : scalar(rate)
}
