import { cast, isTensor, neg, where } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define, floatDType } from '../define.ts'
import { choice, flag, nonNegative, transformation } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { select, subTrees } from '../numerics/trees.ts'
import type { GradientTransformation, Hyperparameter, Schedule } from '../transformation.ts'
import { paramsOf, scaleBy, valueOf } from '../transforms/stateless.ts'
import { initSignal, readSignal, signalFields } from './signal.ts'
import type { SignalOptions, SignalState } from './signal.ts'

/** Steps since the last reset, resets made, the learning rate of the last step, the signal, the inner state, and the best parameters if they are kept. */
export type ResetOnSaturationState<Inner extends Tree<Tensor> = Tree<Tensor>> = {
  readonly count: Tensor
  readonly resets: Tensor
  readonly learningRate: Tensor
  readonly signal: SignalState
  readonly inner: Inner
  readonly best: Tree<Tensor>
}

/** Options of the reset. */
export interface ResetOnSaturationOptions extends SignalOptions {
  /** Number or schedule ≥ 0; a reset starts the schedule again at step 0. */
  readonly learningRate: Hyperparameter
  /** Whether a reset also gives the inner rule a new state (momentum, averages of squares); default false. */
  readonly moments?: boolean
  /** Whether a reset also takes the parameters back to where the loss was best; default keep. */
  readonly params?: 'keep' | 'best'
}

interface Options extends ResetOnSaturationOptions {
  readonly inner: GradientTransformation
}

const rateAt = (learningRate: Hyperparameter, count: Tensor, dtype: FloatDType): Tensor =>
  typeof learningRate === 'number' || isTensor(learningRate)
    ? asScalar(learningRate, dtype)
    : cast((learningRate as Schedule)(count, dtype), dtype)

const resetRule = (options: Options): GradientTransformation<ResetOnSaturationState> => {
  const { inner, learningRate, moments, params: choiceOfParams, ...signalOptions } = options as Required<Options>
  const keepBest = choiceOfParams === 'best'
  return {
    init: (params) => {
      const dtype = floatDType(params)
      return {
        count: counter(),
        resets: counter(),
        learningRate: rateAt(learningRate, counter(), dtype),
        signal: initSignal(signalOptions, dtype),
        inner: inner.init(params),
        best: keepBest ? params : null,
      }
    },
    update: (updates, state, context) => {
      const params = paramsOf('resetOnSaturation', context)
      const { state: signal, improved, saturated } = readSignal(signalOptions, state.signal, valueOf('resetOnSaturation', context))
      const count = where(saturated, 0, state.count)
      const rate = rateAt(learningRate, count, floatDType(updates))
      const before = moments ? select(saturated, inner.init(params), state.inner) : state.inner
      const [direction, after] = inner.update(updates, before, context)
      const steps = scaleBy(direction, neg(rate))
      const best = keepBest ? select(improved, params, state.best) : null
      return [
        keepBest ? select(saturated, subTrees(best, params), steps) : steps,
        {
          count: increment(count),
          resets: where(saturated, increment(state.resets), state.resets),
          learningRate: rate,
          signal,
          // Going back is not a step of the inner rule: its gradient was taken elsewhere.
          inner: keepBest ? select(saturated, before, after) : after,
          best,
        },
      ]
    },
  }
}

export const resetOnSaturationOf = define<Options, ResetOnSaturationState>(
  'resetOnSaturation',
  {
    inner: transformation(),
    // The schedule is read by the rule itself, at the steps since the last reset.
    learningRate: { ...nonNegative(), kind: 'ownSchedule' },
    ...signalFields,
    moments: flag(false),
    params: choice(['keep', 'best'], 'keep'),
  },
  (options) => resetRule(options as unknown as Options),
)

/**
 * Learning-rate reset: when progress saturates, the learning rate goes back to its initial value, and its schedule starts again.
 * On request the averages of the inner rule start again too, and the parameters go back to where the loss was best.
 *
 * @param inner a rule without learning rate, such as `scaleByAdam()`
 * @throws {ContextError} when the context has no params or no value
 * @example
 * import { exponentialDecay, identity, resetOnSaturation } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const learningRate = exponentialDecay({ initValue: 1, transitionSteps: 1, decayRate: 0.5 })
 * const solver = resetOnSaturation(identity(), { learningRate, patience: 2 })
 * const [gradient, params, value] = [tensor([1]), tensor([0]), tensor(3)]
 * let state = solver.init(params)
 * const rates = Array.from({ length: 4 }, () => {
 *   const [updates, next] = solver.update(gradient, state, { params, value })
 *   state = next
 *   return toArray(updates as Tensor)
 * })
 * rates // => [[-1], [-0.5], [-1], [-0.5]]
 */
export const resetOnSaturation = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: ResetOnSaturationOptions,
): GradientTransformation<ResetOnSaturationState<State>> =>
  resetOnSaturationOf({ inner, ...options } as never) as unknown as GradientTransformation<ResetOnSaturationState<State>>
