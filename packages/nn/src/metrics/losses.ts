import { cast, exp, notEqual, sqrt, square, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { softmaxCrossEntropyWithIntegerLabels } from '../losses/integer-cross-entropy.ts'
import type { LossOptions } from '../losses/reduction.ts'
import { sameShapes } from '../losses/reduction.ts'
import { elementSums, meanOf, safeRatio, sumMetric, weightedSums, zero } from './metric.ts'
import type { MeanState, Metric } from './metric.ts'

/**
 * Measures a loss: the mean of its values over all examples.
 *
 * @param loss one of the losses here, or a function like them
 * @param options passed on to the loss
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { lossMetric, meanAbsoluteError } from '@grad-ts/nn'
 * const metric = lossMetric(meanAbsoluteError)
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 5]), tensor([2, 2])))) // => 2
 */
export const lossMetric = <Options extends LossOptions>(
  loss: (outputs: Tensor, targets: Tensor, options: Options) => Tensor,
  options?: Omit<Options, 'reduction' | 'weights'>,
): Metric<MeanState> =>
  meanOf(loss.name === '' ? 'loss' : loss.name, (outputs, targets) => loss(outputs, targets, { ...options, reduction: 'none' } as Options))

/**
 * The root of the mean squared error over all examples.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { rootMeanSquaredError } from '@grad-ts/nn'
 * const metric = rootMeanSquaredError()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 1]), tensor([3, 3])))) // => 2
 */
export const rootMeanSquaredError = (): Metric<MeanState> =>
  sumMetric({
    name: 'rootMeanSquaredError',
    empty: { total: zero, weight: zero },
    contribution: (outputs: Tensor, targets: Tensor, weights) => {
      sameShapes('rootMeanSquaredError', outputs, targets)
      return weightedSums('rootMeanSquaredError', square(sub(outputs, cast(targets, outputs.dtype))), weights)
    },
    result: ({ total, weight }) => sqrt(safeRatio(total, weight)),
  })

/**
 * Σ of a value per example, such as a count; the targets are not read.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { total } from '@grad-ts/nn'
 * const metric = total()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2]), tensor([0, 0])))) // => 3
 */
export const total = (name = 'total'): Metric<MeanState> => ({
  ...meanOf(name, (outputs: Tensor) => outputs),
  result: (state) => state.total,
})

/**
 * exp of the mean cross entropy per token: among how many equally likely tokens the model hesitates.
 *
 * @param options.ignoreIndex tokens that do not count, such as padding
 * @returns a metric of logits `[batch, …, classes]` and int32 tokens `[batch, …]`
 * @example
 * import { tensor, toNumber, zeros } from '@grad-ts/tensor'
 * import { perplexity } from '@grad-ts/nn'
 * const metric = perplexity()
 * const state = metric.update(metric.empty, zeros([1, 2, 4]), tensor([[0, 3]], { dtype: 'int32' }))
 * Math.round(toNumber(metric.result(state))) // => 4
 */
export const perplexity = ({ ignoreIndex }: { readonly ignoreIndex?: number } = {}): Metric<MeanState> =>
  sumMetric({
    name: 'perplexity',
    empty: { total: zero, weight: zero },
    contribution: (logits: Tensor, targets: Tensor, weights) => {
      const options = ignoreIndex === undefined ? {} : { ignoreIndex }
      const values = softmaxCrossEntropyWithIntegerLabels(logits, targets, { ...options, reduction: 'none' })
      return elementSums('perplexity', values, ignoreIndex === undefined ? undefined : notEqual(targets, ignoreIndex), weights)
    },
    result: (state) => exp(safeRatio(state.total, state.weight)),
  })
