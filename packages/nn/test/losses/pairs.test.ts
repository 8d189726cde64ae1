import { grad } from '@grad-ts/autodiff'
import * as nn from '@grad-ts/nn'
import { tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

const wide = (values: number[] | number[][] | number[][][]): Tensor => tensor(values, { dtype: 'float64' })
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 10))
const none = { reduction: 'none' } as const

describe('losses of pairs and triplets', () => {
  test('tripletMarginLoss takes the difference of distances, for any norm', () => {
    const [anchor, positive, negative] = [wide([[0, 0]]), wide([[3, 4]]), wide([[-6, 8]])]
    expect(toNumber(nn.tripletMarginLoss(anchor, positive, negative, { eps: 0, margin: 6 }))).toBeCloseTo(1, 10)
    expect(toNumber(nn.tripletMarginLoss(anchor, positive, negative, { eps: 0, normDegree: 1, margin: 9 }))).toBeCloseTo(2, 10)
  })

  test('cosineEmbeddingLoss draws together and pushes apart', () => {
    const [left, right] = [
      wide([
        [1, 0],
        [1, 0],
      ]),
      wide([
        [1, 1],
        [1, 1],
      ]),
    ]
    const loss = nn.cosineEmbeddingLoss(left, right, wide([1, -1]), { ...none, margin: 0.5 })
    expect(toArray(loss)).toEqual(close([1 - Math.SQRT1_2, Math.SQRT1_2 - 0.5]))
  })

  test('marginRankingLoss counts pairs in the wrong order', () => {
    expect(toArray(nn.marginRankingLoss(wide([1, 1]), wide([2, 2]), wide([1, -1]), none))).toEqual([1, 0])
  })

  test('ntxent is the cross entropy of each pair among all rows of other labels', () => {
    const labels = tensor([0, 0, 1], { dtype: 'int32' })
    const cosines = [
      [1, 0.6, 0.8],
      [0.6, 1, 0.96],
    ]
    const [, second] = cosines as [number[], number[]]
    const pair = (own: number, other: number) => Math.log(Math.exp(own) + Math.exp(other)) - own
    const wanted = (pair(0.6, 0.8) + pair(0.6, second[2] as number)) / 2
    const loss = nn.ntxent(
      wide([
        [1, 0],
        [0.6, 0.8],
        [1.6, 1.2],
      ]),
      labels,
      { temperature: 1 },
    )
    expect(toNumber(loss)).toBeCloseTo(wanted, 10)
    expect(
      toNumber(
        nn.ntxent(
          wide([
            [1, 0],
            [0, 1],
          ]),
          tensor([0, 1], { dtype: 'int32' }),
        ),
      ),
    ).toBeCloseTo(0, 12)
  })

  test('circleLoss weighs each pair by its distance from the goal', () => {
    const labels = tensor([0, 0, 1], { dtype: 'int32' })
    const rows = wide([
      [1, 0],
      [0.6, 0.8],
      [1.6, 1.2],
    ])
    // Rows 0 and 1 have one partner each (cosine 0.6) and one other (0.8 and 0.96); row 2 has no partner and does not count.
    const of = (own: number, other: number) => Math.log(1 + Math.exp(2 * ((1.25 - own) * (0.75 - own) + (other + 0.25) * (other - 0.25))))
    expect(toNumber(nn.circleLoss(rows, labels, { gamma: 2, margin: 0.25 }))).toBeCloseTo((of(0.6, 0.8) + of(0.6, 0.96)) / 2, 10)
    const slope = toArray(grad((x: Tensor) => nn.circleLoss(x, labels))(rows)) as number[][]
    expect(slope.flat().every(Number.isFinite)).toBe(true)
  })

  test('rankingSoftmaxLoss leaves out items that are not there, and lists without any', () => {
    const where = tensor([
      [true, true, false],
      [false, false, false],
    ])
    const loss = nn.rankingSoftmaxLoss(
      wide([
        [1, 1, 50],
        [1, 2, 3],
      ]),
      wide([
        [1, 0, 1],
        [1, 1, 1],
      ]),
      { where },
    )
    expect(toNumber(loss)).toBeCloseTo(Math.log(2), 10)
  })
})

/** All ways to give each frame a class. */
const paths = (frames: number, classes: number): number[][] =>
  frames === 0 ? [[]] : paths(frames - 1, classes).flatMap((path) => Array.from({ length: classes }, (_, i) => [...path, i]))

const read = (path: readonly number[]): number[] => path.filter((label, i) => label !== 0 && label !== path[i - 1])

describe('ctcLoss', () => {
  const frames = [
    [0.3, -1, 2],
    [1, 0.5, -0.2],
    [0, 0, 1.5],
    [-1, 2, 0.4],
  ]
  const logProbabilities = frames.map((frame) =>
    frame.map((logit) => logit - Math.log(frame.reduce((sum, value) => sum + Math.exp(value), 0))),
  )

  const byEnumeration = (labels: readonly number[], length = frames.length): number =>
    -Math.log(
      paths(length, 3)
        .filter((path) => String(read(path)) === String(labels))
        .reduce(
          (sum, path) => sum + Math.exp(path.reduce((total, label, t) => total + ((logProbabilities[t] as number[])[label] as number), 0)),
          0,
        ),
    )

  const loss = (labels: number[], labelPadding: number[], logitPadding = [0, 0, 0, 0]): number =>
    toNumber(nn.ctcLoss(wide([frames]), tensor([logitPadding]), tensor([labels], { dtype: 'int32' }), tensor([labelPadding])))

  test.each([[[1]], [[1, 2]], [[2, 2]], [[1, 2, 1]]])('sums all alignments of %j', (labels) => {
    expect(
      loss(
        labels,
        labels.map(() => 0),
      ),
    ).toBeCloseTo(byEnumeration(labels), 9)
  })

  test('does not read padding', () => {
    expect(loss([1, 2, 0, -1], [0, 0, 1, 1])).toBeCloseTo(byEnumeration([1, 2]), 9)
    expect(loss([1, 2], [0, 0], [0, 0, 0, 1])).toBeCloseTo(byEnumeration([1, 2], 3), 9)
    expect(loss([0, 0], [1, 1])).toBeCloseTo(byEnumeration([]), 9)
  })
})
