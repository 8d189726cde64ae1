import { mul, neg } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define, floatDType } from '../define.ts'
import type { Scheduled } from '../define.ts'
import { flag, nonNegative, schedule as scheduleField } from '../fields.ts'
import { at } from '../define.ts'
import { counter, increment } from '../numerics/count.ts'
import type { GradientTransformation, Hyperparameter, Scalar, Schedule } from '../transformation.ts'
import { scaleBy, stateless } from './stateless.ts'

/** Updates made so far, int32 `[]`. */
export type CountState = { readonly count: Tensor }

export const scaleByScheduleOf = define<{ readonly schedule: Schedule }, CountState>(
  'scaleBySchedule',
  { schedule: scheduleField() },
  (options) => {
    const { schedule } = options as unknown as { readonly schedule: Schedule }
    return {
      init: () => ({ count: counter() }),
      update: (updates, { count }) => [scaleBy(updates, schedule(count, floatDType(updates))), { count: increment(count) }],
    }
  },
)

/**
 * Multiplies the updates by the value of a schedule, read before the count goes up (the first update sees step 0).
 *
 * @example
 * import { linear, scaleBySchedule } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleBySchedule(linear({ initValue: 1, endValue: 0, transitionSteps: 2 }))
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([4]), state)[0] as Tensor) // => [2]
 */
export const scaleBySchedule = (schedule: Schedule): GradientTransformation<CountState> => scaleByScheduleOf({ schedule })

export const scaleByLearningRateOf = define<{ readonly learningRate: Hyperparameter; readonly flipSign?: boolean }, null>(
  'scaleByLearningRate',
  { learningRate: nonNegative(), flipSign: flag(true) },
  ({ learningRate, flipSign }) => stateless((updates) => descend(updates, learningRate, flipSign)),
)

const descend = (updates: Tree<Tensor>, learningRate: Scalar, flipSign: boolean): Tree<Tensor> => {
  if (!flipSign) return scaleBy(updates, learningRate)
  if (typeof learningRate === 'number') return scaleBy(updates, -learningRate)
  return map((update: Tensor) => mul(update, neg(at(learningRate, update))), updates)
}

/**
 * Multiplies the updates by −learning rate: the last part of an optimizer.
 *
 * @param learningRate number ≥ 0, scalar tensor or schedule
 * @param options.flipSign false multiplies by +learning rate; default true
 * @example
 * import { scaleByLearningRate } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(scaleByLearningRate(0.5).update(tensor([4]), null)[0] as Tensor) // => [-2]
 */
export function scaleByLearningRate(learningRate: Scalar, options?: { readonly flipSign?: boolean }): GradientTransformation<null>
export function scaleByLearningRate(
  learningRate: Hyperparameter,
  options?: { readonly flipSign?: boolean },
): GradientTransformation<null | Scheduled<null>>
export function scaleByLearningRate(
  learningRate: Hyperparameter,
  options: { readonly flipSign?: boolean } = {},
): GradientTransformation<null | Scheduled<null>> {
  return scaleByLearningRateOf({ learningRate, ...options })
}
