import type { History } from '../training/events.ts'
import { extentOf } from './extent.ts'

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

/** The last tenth of a run, at least one value. */
const ending = (values: readonly number[]): readonly number[] => values.slice(-Math.max(1, Math.ceil(values.length / 10)))

const gradientAlerts = (norms: readonly number[]): string[] => {
  const median = quantile(norms, 0.5)
  const [, worst] = extentOf(norms)
  const at = norms.indexOf(worst) + 1
  return [
    ...(quantile(ending(norms), 0.5) < 1e-7
      ? [
          'Vanishing gradients: the global norm ends below 1e-7. Try another activation or initializer, normalization, or residual connections.',
        ]
      : []),
    ...(worst > 100 * median && worst > 10
      ? [
          `Exploding gradients: the global norm reaches ${worst.toPrecision(3)} at step ${at}, ${Math.round(worst / median)} times its median. Try clipByGlobalNorm or a lower learning rate.`,
        ]
      : []),
  ]
}

const ratioAlerts = (ratios: readonly number[]): string[] => {
  const typical = quantile(ratios, 0.5)
  if (typical > 0.1)
    return [
      `Updates are large: half of them change the parameters by more than ${typical.toPrecision(2)} of their norm. Try a lower learning rate.`,
    ]
  if (typical < 1e-7)
    return ['Updates are tiny: half of them change the parameters by less than 1e-7 of their norm. Try a higher learning rate.']
  return []
}

const lossAlerts = (losses: readonly number[]): string[] => {
  const start = quantile(losses.slice(0, Math.max(1, Math.ceil(losses.length / 10))), 0.5)
  const end = quantile(ending(losses), 0.5)
  return losses.length >= 20 && end > start
    ? [`The loss rose, from ${start.toPrecision(3)} to ${end.toPrecision(3)}. Try a lower learning rate.`]
    : []
}

/** Reads a history for signs of trouble; each sentence says what to try. */
export const alertsOf = ({ steps }: History): string[] => [
  ...lossAlerts(steps.loss),
  ...(steps.gradientNorm.length === 0 ? [] : gradientAlerts(steps.gradientNorm)),
  ...(steps.updateRatio.length === 0 ? [] : ratioAlerts(steps.updateRatio)),
]
