import * as nn from '@grad-ts/nn'
import { evaluate, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

const measured = (metric: unknown, outputs: Tensor, targets: Tensor, weights?: Tensor): number[] => {
  const { empty, update, result } = metric as nn.Metric
  return Array.from((evaluate(result(update(empty, outputs, targets, weights))) as Constant).attributes.data)
}

const labels = (values: number[]): Tensor => tensor(values, { dtype: 'int32' })
const close = (...values: number[]) => values.map((value) => expect.closeTo(value, 5))

describe('classes', () => {
  const outputs = tensor([
    [0.1, 0.7, 0.2],
    [0.5, 0.1, 0.4],
    [0.2, 0.3, 0.5],
    [0.3, 0.4, 0.3],
    [0.6, 0.3, 0.1],
  ])
  const targets = labels([1, 2, 2, 0, 0])

  test('accuracies', () => {
    expect(measured(nn.accuracy(), outputs, targets)).toEqual(close(3 / 5))
    expect(
      measured(
        nn.accuracy(),
        outputs,
        tensor([
          [0, 1, 0],
          [0, 0, 1],
          [0, 0, 1],
          [1, 0, 0],
          [1, 0, 0],
        ]),
      ),
    ).toEqual(close(3 / 5))
    expect(measured(nn.topKAccuracy({ k: 2 }), outputs, targets)).toEqual(close(1))
    expect(measured(nn.accuracy(), outputs, targets, tensor([1, 0, 1, 0, 2]))).toEqual(close(1))
  })

  test('counts of hits, false alarms and misses', () => {
    expect(measured(nn.confusionMatrix({ classes: 3 }), outputs, targets)).toEqual([1, 1, 0, 0, 1, 0, 1, 0, 1])
    const of = (average: nn.ClassAverage) => ({ classes: 3, average })
    expect(measured(nn.precision(of('none')), outputs, targets)).toEqual(close(1 / 2, 1 / 2, 1))
    expect(measured(nn.recall(of('none')), outputs, targets)).toEqual(close(1 / 2, 1, 1 / 2))
    expect(measured(nn.precision(of('macro')), outputs, targets)).toEqual(close(2 / 3))
    expect(measured(nn.precision(of('micro')), outputs, targets)).toEqual(close(3 / 5))
    expect(measured(nn.recall(of('weighted')), outputs, targets)).toEqual(close(3 / 5))
    expect(measured(nn.fBeta(of('none')), outputs, targets)).toEqual(close(1 / 2, 2 / 3, 2 / 3))
    expect(measured(nn.fBeta({ ...of('none'), beta: 2 }), outputs, targets)).toEqual(close(1 / 2, 5 / 6, 5 / 9))
    expect(measured(nn.intersectionOverUnion(of('macro')), outputs, targets)).toEqual(close((1 / 3 + 1 / 2 + 1 / 2) / 3))
  })
})

describe('thresholds', () => {
  const [scores, truth] = [tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])]

  test('areas under the curves', () => {
    expect(measured(nn.areaUnderCurve(), scores, truth)).toEqual(close(0.75))
    expect(measured(nn.areaUnderCurve({ curve: 'PR' }), scores, truth)).toEqual(close(1 / 2 + 1 / 3))
    expect(measured(nn.areaUnderCurve(), tensor([0.5, 0.5]), tensor([0, 1]))).toEqual(close(0.5))
    expect(measured(nn.areaUnderCurve({ fromLogits: true }), tensor([-3, 3]), tensor([0, 1]))).toEqual(close(1))
  })

  test('the best of one rate where another holds', () => {
    expect(measured(nn.recallAtPrecision(1), scores, truth)).toEqual(close(0.5))
    expect(measured(nn.precisionAtRecall(1), scores, truth)).toEqual(close(2 / 3))
    expect(measured(nn.sensitivityAtSpecificity(0.5), scores, truth)).toEqual(close(1))
    expect(measured(nn.specificityAtSensitivity(1), scores, truth)).toEqual(close(0.5))
  })
})

describe('numbers', () => {
  const [outputs, targets] = [tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7])]

  test('errors and correlations', () => {
    expect(measured(nn.lossMetric(nn.meanSquaredError), outputs, targets)).toEqual(close(0.375))
    expect(measured(nn.rootMeanSquaredError(), outputs, targets)).toEqual(close(Math.sqrt(0.375)))
    expect(measured(nn.r2Score(), outputs, targets)).toEqual(close(0.9486081))
    expect(measured(nn.pearsonCorrelation(), outputs, targets)).toEqual(close(0.984865))
    expect(measured(nn.concordanceCorrelation(), outputs, targets)).toEqual(close(0.976788))
  })

  test('stay right far from zero, where sums of squares cancel', () => {
    const far = (values: number[]) => tensor(values.map((value) => 1e5 + value))
    expect(measured(nn.r2Score(), far([1, 2, 3, 4]), far([1, 2, 3, 5]))[0]).toBeCloseTo(1 - 1 / 8.75, 3)
  })
})

describe('text', () => {
  test('perplexity is exp of the mean cross entropy per counted token', () => {
    const logits = tensor([
      [
        [0, 0],
        [Math.log(3), 0],
      ],
      [
        [5, -5],
        [0, 0],
      ],
    ])
    const tokens = tensor(
      [
        [0, 0],
        [1, 1],
      ],
      { dtype: 'int32' },
    )
    expect(measured(nn.perplexity(), logits, tokens, tensor([1, 0]))).toEqual(close(Math.exp((Math.log(2) + Math.log(4 / 3)) / 2)))
    expect(measured(nn.perplexity({ ignoreIndex: 1 }), logits, tokens)).toEqual(close(Math.exp((Math.log(2) + Math.log(4 / 3)) / 2)))
  })

  test('accuracy counts the steps that are not to be ignored', () => {
    const outputs = tensor([
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [0, 1],
      ],
    ])
    const tokens = tensor(
      [
        [1, 1],
        [-1, 0],
      ],
      { dtype: 'int32' },
    )
    expect(measured(nn.accuracy({ ignoreIndex: -1 }), outputs, tokens)).toEqual(close(1 / 3))
  })

  test('BLEU clips repeated phrases and punishes brevity', () => {
    // "the the the the the the the" against "the cat is on the mat": two of seven words count (Papineni et al., 2002).
    const [candidate, reference] = [
      tensor([[1, 1, 1, 1, 1, 1, 1]], { dtype: 'int32' }),
      tensor([[1, 2, 3, 4, 1, 5, 0]], { dtype: 'int32' }),
    ]
    expect(measured(nn.bleu({ order: 1 }), candidate, reference)).toEqual(close(2 / 7))
    const short = tensor([[1, 2, 3, 0]], { dtype: 'int32' })
    const long = tensor([[1, 2, 3, 4, 5, 6]], { dtype: 'int32' })
    expect(measured(nn.bleu({ order: 2 }), short, long)).toEqual(close(Math.exp(1 - 6 / 3)))
    expect(measured(nn.bleu({ order: 2 }), tensor([[1, 2, 4, 3]], { dtype: 'int32' }), tensor([[1, 2, 3, 4]], { dtype: 'int32' }))).toEqual(
      close(Math.sqrt(1 / 3)),
    )
  })
})
