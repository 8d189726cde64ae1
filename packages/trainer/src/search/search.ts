import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { key } from '@grad-ts/tensor'
import { asTrainTask, NonFiniteError, SettingsError } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import { positiveInteger } from '../training/settings.ts'
import { checkSpace, gridOf, randomPoints } from './space.ts'
import type { Candidate, Space } from './space.ts'

/** How candidates are chosen. */
export type Strategy =
  /** Every combination; `points` values of each range (default 5). */
  | { readonly tag: 'grid'; readonly points?: number }
  | { readonly tag: 'random'; readonly count: number }
  /** Random candidates on a small budget; the best 1/`factor` (default 3) go on with `factor` times as much, until one is left. */
  | { readonly tag: 'halving'; readonly count: number; readonly factor?: number }

/** One run of a search. */
export interface Trial<S extends Space> {
  readonly candidate: Candidate<S>
  /** What the run was allowed, such as epochs. */
  readonly budget: number
  /** NaN when the run diverged. */
  readonly score: number
}

export interface SearchSettings<S extends Space> {
  readonly space: S
  readonly strategy: Strategy
  /** What a run may cost at most, in the unit that `score` understands, such as epochs. */
  readonly budget: number
  /** Trains with these settings for this budget and gives the validation score. A `NonFiniteError` counts as the worst score. */
  readonly score: (candidate: Candidate<S>, budget: number) => Promise<number>
  /** Whether small or large scores are good (default `min`). */
  readonly mode?: 'min' | 'max'
  /** Default 0. */
  readonly seed?: number
  readonly onTrial?: (trial: Trial<S>) => void
}

export interface SearchResult<S extends Space> {
  /** The best trial on the full budget. */
  readonly best: Trial<S>
  /** All trials, in the order in which they ran. */
  readonly trials: readonly Trial<S>[]
  /** Whether small or large scores are good. */
  readonly mode: 'min' | 'max'
}

/** The best first; runs that diverged last. */
const ranked = <S extends Space>(trials: readonly Trial<S>[], mode: 'min' | 'max'): Trial<S>[] => {
  const sign = mode === 'min' ? 1 : -1
  const rank = ({ score }: Trial<S>): number => (Number.isNaN(score) ? Infinity : sign * score)
  return [...trials].sort((a, b) => rank(a) - rank(b))
}

const runTrial = async <S extends Space>(
  { score, onTrial }: SearchSettings<S>,
  candidate: Candidate<S>,
  budget: number,
): Promise<Trial<S>> => {
  const trial = { candidate, budget, score: await score(candidate, budget).catch(worstWhenDiverged) }
  onTrial?.(trial)
  return trial
}

const worstWhenDiverged = (error: unknown): number => {
  if (error instanceof NonFiniteError) return NaN
  throw error
}

const runAll = async <S extends Space>(
  settings: SearchSettings<S>,
  candidates: readonly Candidate<S>[],
  budget: number,
): Promise<Trial<S>[]> => {
  const trials: Trial<S>[] = []
  for (const candidate of candidates) trials.push(await runTrial(settings, candidate, budget))
  return trials
}

/** Budgets of the rounds: the last one has the whole budget. */
const halvingBudgets = (count: number, factor: number, budget: number): number[] => {
  const rounds = Math.max(1, Math.ceil(Math.log(count) / Math.log(factor) - 1e-9) + 1)
  return Array.from({ length: rounds }, (_, round) => Math.max(1, Math.round(budget / factor ** (rounds - 1 - round))))
}

const halve = async <S extends Space>(
  settings: SearchSettings<S>,
  candidates: readonly Candidate<S>[],
  factor: number,
): Promise<Trial<S>[]> => {
  const trials: Trial<S>[] = []
  let left = candidates
  for (const budget of halvingBudgets(candidates.length, factor, settings.budget)) {
    const round = await runAll(settings, left, budget)
    trials.push(...round)
    left = ranked(round, settings.mode ?? 'min')
      .slice(0, Math.max(1, Math.ceil(left.length / factor)))
      .map(({ candidate }) => candidate)
  }
  return trials
}

const trialsOf = <S extends Space>(settings: SearchSettings<S>): Promise<Trial<S>[]> => {
  const { space, strategy, budget, seed = 0 } = settings
  switch (strategy.tag) {
    case 'grid':
      return runAll(settings, gridOf(space, positiveInteger('strategy.points', strategy.points ?? 5)), budget)
    case 'random':
      return runAll(settings, randomPoints(space, positiveInteger('strategy.count', strategy.count), key(seed)), budget)
    case 'halving': {
      const { factor = 3 } = strategy
      if (!(factor > 1)) throw new SettingsError('strategy.factor', 'a number above 1', String(factor))
      return halve(settings, randomPoints(space, positiveInteger('strategy.count', strategy.count), key(seed)), factor)
    }
  }
}

const runSearch = async <const S extends Space>(settings: SearchSettings<S>): Promise<SearchResult<S>> => {
  checkSpace(settings.space)
  const trials = await trialsOf(settings)
  const { mode = 'min' } = settings
  const whole = Math.max(...trials.map(({ budget }) => budget))
  const [best] = ranked(
    trials.filter(({ budget }) => budget === whole),
    mode,
  )
  if (best === undefined || Number.isNaN(best.score))
    throw new SettingsError('space', 'at least one candidate that does not diverge', 'none')
  return { best, trials, mode }
}

/**
 * Searches for the settings with the best validation score: by a grid, at random, or by successive halving
 * (Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization, 2015, arXiv:1502.07943).
 *
 * @returns a task for the best trial and all others; it answers with a `SettingsError` when the strategy is out of range or every run diverged
 * @see `searchSections` of `@grad-ts/trainer/report`
 */
export const search = <const S extends Space>(settings: SearchSettings<S>): TaskEither<TrainError, SearchResult<S>> =>
  asTrainTask(() => runSearch(settings))

/**
 * Searches for the settings with the best validation score, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { choice, range, searchOrThrow } from '@grad-ts/trainer'
 * const space = { learningRate: range(0.001, 1, 'log'), batchSize: choice([16, 32]) }
 * const score = async ({ learningRate, batchSize }: { learningRate: number; batchSize: number }) => Math.abs(Math.log10(learningRate) + 1.5) + batchSize / 1000
 * const { best } = await searchOrThrow({ space, strategy: { tag: 'grid', points: 7 }, budget: 1, score })
 * best.candidate.batchSize // => 16
 * best.candidate.learningRate // => 0.03162
 */
export const searchOrThrow = <const S extends Space>(settings: SearchSettings<S>): Promise<SearchResult<S>> => orThrow(search(settings))
