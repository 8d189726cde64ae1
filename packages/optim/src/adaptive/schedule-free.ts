import { add, asTensor, div, isNaN, maximum, mul, pow, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { hyper, nonNegative, transformation, wholeNumber } from '../fields.ts'
import { chain } from '../combine/chain.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { addTrees, subTrees } from '../numerics/trees.ts'
import { isTensor, cast } from '@grad-ts/tensor'
import { warmupConstant } from '../schedules/warmup.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { paramsOf } from '../transforms/stateless.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByRms } from '../transforms/scale-by-rms.ts'
import type { GradientTransformation, Hyperparameter, Scalar, Schedule } from '../transformation.ts'

/** Weight of the average in the parameters; sum of weights; step count from 1; largest learning rate; the plain sequence z; inner state. */
export type ScheduleFreeState<Inner extends Tree<Tensor> = Tree<Tensor>> = {
  readonly b1: Tensor
  readonly weightSum: Tensor
  readonly count: Tensor
  readonly maxLearningRate: Tensor
  readonly z: Tree<Tensor>
  readonly inner: Inner
}

/** Options of schedule-free averaging. */
export interface ScheduleFreeOptions {
  /** The learning rate of the inner optimizer, for the weights of the average. */
  readonly learningRate: Hyperparameter
  /** Weight of the average in the point where gradients are taken, in (0, 1]; default 0.9. */
  readonly b1?: Hyperparameter
  /** Power of the learning rate in the weights; default 2. */
  readonly weightLrPower?: number
}

const between = (a: Tree<Tensor>, b: Tree<Tensor>, weight: Scalar): Tree<Tensor> =>
  map((x: Tensor, y: Tensor) => add(mul(x, at(weight, x)), mul(y, at(oneMinus(weight), y))), a, b)

/** x = (y − (1 − b1)·z)/b1. */
const averageOf = (y: Tree<Tensor>, z: Tree<Tensor>, b1: Scalar): Tree<Tensor> =>
  map((yi: Tensor, zi: Tensor) => div(sub(yi, mul(zi, at(oneMinus(b1), zi))), at(b1, yi)), y, z)

const rateAt = (rate: Hyperparameter, count: Tensor, dtype: 'float32' | 'float64'): Tensor =>
  typeof rate === 'number' || isTensor(rate) ? asScalar(rate, dtype) : cast((rate as Schedule)(count, dtype), dtype)

export const scheduleFreeOf = define<ScheduleFreeOptions & { readonly inner: GradientTransformation }, ScheduleFreeState>(
  'scheduleFree',
  {
    inner: transformation(),
    // Read by the rule itself, whose count starts at 1.
    learningRate: { ...nonNegative(), kind: 'ownSchedule' },
    b1: hyper({ above: 0, high: 1 }, 0.9),
    weightLrPower: nonNegative(2),
  },
  (options) => {
    const { inner, b1, weightLrPower } = options
    const { learningRate } = options as unknown as ScheduleFreeOptions
    return {
      init: (params) => {
        const dtype = floatDType(params)
        const zero = asTensor(0, dtype)
        return { b1: asScalar(b1, dtype), weightSum: zero, count: counter(1), maxLearningRate: zero, z: params, inner: inner.init(params) }
      },
      update: (updates, state, context) => {
        const params = paramsOf('scheduleFree', context)
        const dtype = floatDType(updates)
        const maxLearningRate = maximum(state.maxLearningRate, rateAt(learningRate, state.count, dtype))
        const weight = pow(maxLearningRate, at(weightLrPower, maxLearningRate))
        const weightSum = add(state.weightSum, weight)
        const share = div(weight, weightSum)
        const part = where(isNaN(share), 0, share)
        const [steps, after] = inner.update(updates, state.inner, context)
        const z = addTrees(state.z, steps)
        const average = between(z, averageOf(params, state.z, b1), part)
        return [
          subTrees(between(average, z, b1), params),
          { b1: state.b1, weightSum, count: increment(state.count), maxLearningRate, z, inner: after },
        ]
      },
    }
  },
)

/**
 * Averages an optimizer's path so that no learning-rate schedule is needed. Train with the parameters it moves, evaluate with
 * `scheduleFreeEvalParams`.
 *
 * z ← z + u; x ← (1 − c)·x + c·z with c the share of this step's weight, learningRate^weightLrPower; y = b1·x + (1 − b1)·z
 *
 * @param inner an optimizer without momentum
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, scheduleFree, scheduleFreeEvalParams, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = scheduleFree(sgd({ learningRate: 0.5 }), { learningRate: 0.5 })
 * const params = tensor([1])
 * const [updates, state] = solver.update(tensor([1]), solver.init(params), { params })
 * toArray(scheduleFreeEvalParams(state, applyUpdates(params, updates))) // => [0.5]
 * @see Defazio et al., The Road Less Scheduled, 2024, arXiv:2405.15682
 */
export const scheduleFree = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: ScheduleFreeOptions,
): GradientTransformation<ScheduleFreeState<State>> =>
  scheduleFreeOf({ inner, ...options } as never) as unknown as GradientTransformation<ScheduleFreeState<State>>

/** Gives the averaged parameters, those to evaluate with, from the state and the training parameters. */
export const scheduleFreeEvalParams = <Params extends Tree<Tensor>>(state: ScheduleFreeState, params: Params): Params =>
  averageOf(params, state.z, state.b1) as Params

/** Options of schedule-free gradient descent. */
export interface ScheduleFreeSgdOptions {
  /** Step size ≥ 0; default 1. */
  readonly learningRate?: number
  /** Steps of linear warm-up; default none. */
  readonly warmupSteps?: number | null
  /** Weight of the average, in (0, 1]; default 0.9. */
  readonly b1?: Hyperparameter
  /** Multiple of the parameters that joins the gradient; default none. */
  readonly weightDecay?: Hyperparameter | null
  /** Power of the learning rate in the weights; default 2. */
  readonly weightLrPower?: number
}

const warmed = (learningRate: Scalar, warmupSteps: number | null): Hyperparameter =>
  warmupSteps === null ? learningRate : warmupConstant({ peakValue: learningRate as number, warmupSteps })

/**
 * Schedule-free gradient descent.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, scheduleFreeSgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = scheduleFreeSgd({ learningRate: 0.5 })
 * const params = tensor([1])
 * const [updates] = solver.update(tensor([1]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.5]
 * @see Defazio et al., The Road Less Scheduled, 2024, arXiv:2405.15682
 */
export const scheduleFreeSgd = define<ScheduleFreeSgdOptions, ScheduleFreeState>(
  'scheduleFreeSgd',
  {
    learningRate: nonNegative(1),
    warmupSteps: wholeNumber(0, null),
    b1: hyper({ above: 0, high: 1 }, 0.9),
    weightDecay: nonNegative(null),
    weightLrPower: nonNegative(2),
  },
  ({ learningRate: peak, warmupSteps, b1, weightDecay, weightLrPower }) => {
    const learningRate = warmed(peak, warmupSteps)
    return scheduleFree(chain(addDecayedWeights(weightDecay ?? 0), scaleByLearningRate(learningRate)) as GradientTransformation, {
      learningRate,
      b1,
      weightLrPower,
    })
  },
)

/** Options of schedule-free AdamW. */
export interface ScheduleFreeAdamwOptions {
  /** Step size ≥ 0; default 0.0025. */
  readonly learningRate?: number
  /** Steps of linear warm-up; default none. */
  readonly warmupSteps?: number | null
  /** Weight of the average, in (0, 1]; default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Multiple of the parameters that joins the update; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Power of the learning rate in the weights; default 2. */
  readonly weightLrPower?: number
}

/**
 * Schedule-free AdamW.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, scheduleFreeAdamw } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = scheduleFreeAdamw({ learningRate: 0.5 })
 * const params = tensor([1])
 * const [updates] = solver.update(tensor([4]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.5]
 * @see Defazio et al., The Road Less Scheduled, 2024, arXiv:2405.15682
 */
export const scheduleFreeAdamw = define<ScheduleFreeAdamwOptions, ScheduleFreeState>(
  'scheduleFreeAdamw',
  {
    learningRate: nonNegative(0.0025),
    warmupSteps: wholeNumber(0, null),
    b1: hyper({ above: 0, high: 1 }, 0.9),
    b2: hyper({ low: 0, below: 1 }, 0.999),
    eps: nonNegative(1e-8),
    weightDecay: nonNegative(0),
    weightLrPower: nonNegative(2),
  },
  ({ learningRate: peak, warmupSteps, b1, b2, eps, weightDecay, weightLrPower }) => {
    const learningRate = warmed(peak, warmupSteps)
    const inner = chain(
      scaleByRms({ decay: b2, eps, epsInRoot: false, biasCorrection: true }),
      addDecayedWeights(weightDecay),
      scaleByLearningRate(learningRate),
    )
    return scheduleFree(inner as GradientTransformation, { learningRate, b1, weightLrPower })
  },
)
