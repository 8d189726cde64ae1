import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'
import { dynamicLossScale, lossScalingOf, SpecError, staticLossScale } from '@grad-ts/optim'
import type { DynamicLossScaleOptions, GradientTransformation } from '@grad-ts/optim'
import type { Precision } from '@grad-ts/onnxruntime'
import { SettingsError } from '../errors.ts'

/** The settings of precision as they come, from callers with types and without. */
export interface PrecisionSettings {
  readonly precision?: Precision
  readonly lossScale?: number | DynamicLossScaleOptions | undefined
  readonly onNonFinite?: 'fail' | 'skip'
}

const words: readonly unknown[] = ['float32', 'mixed', undefined] satisfies readonly (Precision | undefined)[]

/**
 * Refuses settings that contradict each other.
 *
 * @throws {SettingsError} with the path of the setting, what was expected and what came
 */
export const checkPrecision = ({ precision, lossScale, onNonFinite }: PrecisionSettings): void => {
  if (!words.includes(precision)) throw new SettingsError('precision', "'float32' or 'mixed'", JSON.stringify(precision))
  if (lossScale !== undefined && precision !== 'mixed')
    throw new SettingsError('lossScale', "nothing, since only with precision 'mixed' the loss is scaled", JSON.stringify(lossScale))
  if (onNonFinite === 'fail' && precision === 'mixed' && typeof lossScale !== 'number')
    throw new SettingsError('onNonFinite', "'skip', since dynamic loss scaling lives on updates that overflow", "'fail'")
}

const scaled = (solver: GradientTransformation, lossScale: number | DynamicLossScaleOptions): GradientTransformation => {
  try {
    return (
      typeof lossScale === 'number' ? staticLossScale(solver, lossScale) : dynamicLossScale(solver, lossScale)
    ) as GradientTransformation
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    throw new SettingsError(error.path.replace(/^(?:dynamicLossScale|staticLossScale\.scale)/, 'lossScale'), error.expected, error.received)
  }
}

/** Lets a solver divide by the scale of the loss in mixed precision, unless it does so already. */
export const scaledSolver = (
  solver: GradientTransformation,
  { precision, lossScale }: PrecisionSettings,
  params: Tree<Tensor>,
): GradientTransformation => {
  if (precision !== 'mixed') return solver
  if (lossScalingOf(solver.init(params)) === null) return scaled(solver, lossScale ?? {})
  if (lossScale === undefined) return solver
  throw new SettingsError('lossScale', 'nothing, since the solver scales the loss by itself', JSON.stringify(lossScale))
}
