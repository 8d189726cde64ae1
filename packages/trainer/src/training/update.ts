import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { NonFiniteError } from '../errors.ts'
import type { Session } from './session.ts'
import type { StepReport, TrainState } from './step.ts'

/** What an update reports, as numbers. */
export interface UpdateNumbers {
  /** Σ w·l and Σ w over the batch. */
  readonly total: number
  readonly weight: number
  readonly loss: number
  readonly skipped: boolean
  /** Those that the update has. */
  readonly known: {
    readonly learningRate?: number
    readonly lossScale?: number
    readonly gradientNorm?: number
    readonly updateRatio?: number
  }
}

export const numberOf = (leaf: Tensor): number => (leaf as Constant).attributes.data[0] as number

export const readUpdate = ({ loss, learningRate, lossScale, monitor, skipped }: StepReport): UpdateNumbers => {
  const [total, weight] = [numberOf(loss.total), numberOf(loss.weight)]
  return {
    total,
    weight,
    loss: total / weight,
    skipped: skipped !== null && numberOf(skipped) !== 0,
    known: {
      ...(learningRate === null ? {} : { learningRate: numberOf(learningRate) }),
      ...(lossScale === null ? {} : { lossScale: numberOf(lossScale) }),
      ...(monitor === null ? {} : { gradientNorm: numberOf(monitor.gradientNorm), updateRatio: numberOf(monitor.updateRatio) }),
    },
  }
}

const pathsNotFinite = async (session: Session): Promise<string[]> => {
  const { params } = (await session.state()) as unknown as TrainState<Tree<Tensor>, Tree<Tensor>>
  return entries<Tensor>(params)
    .filter(([, leaf]) => !(leaf as Constant).attributes.data.every((value) => Number.isFinite(value)))
    .map(([path]) => path)
}

/** Fails when a loss is not finite; the state then tells which parameters are not. */
export const failUnlessFinite = async (session: Session, reports: readonly StepReport[], stepsBefore: number): Promise<void> => {
  const bad = reports.findIndex(({ loss }) => !Number.isFinite(numberOf(loss.total)))
  if (bad < 0) return
  const { loss } = readUpdate(reports[bad] as StepReport)
  throw new NonFiniteError(stepsBefore + bad + 1, loss, await pathsNotFinite(session))
}

// So many updates that had to be left out are no accident. A scale that is halved from 2²⁴ on may take some more to fit.
const mostSkipped = { plain: 10, scaled: 50 } as const

/** Ends a run that leaves out update after update. */
export const failWhenSkipping = async (session: Session, skippedInARow: number, step: number, isScaled: boolean): Promise<void> => {
  if (skippedInARow >= mostSkipped[isScaled ? 'scaled' : 'plain']) throw new NonFiniteError(step, NaN, await pathsNotFinite(session))
}
