import { grad } from '@grad-ts/autodiff'
import * as nn from '@grad-ts/nn'
import { evaluate, sum, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

const labels = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' })

describe('weights and reductions', () => {
  const values = tensor([1, 2, 6])

  test('mean divides by the sum of the weights, batchMean by the rows', () => {
    const weights = tensor([1, 0, 3])
    const of = (reduction: nn.Reduction) => toArray(nn.reduceLoss(values, { weights, reduction }))
    expect([of('mean'), of('sum'), of('batchMean'), of('none')]).toEqual([
      19 / 4,
      19,
      evaluate(tensor(19 / 3)).attributes.data[0],
      [1, 0, 18],
    ])
  })

  test('the mean of nothing is 0, with a gradient of 0', () => {
    const none = (x: Tensor) => nn.reduceLoss(x, { weights: tensor([false, false, false]) })
    expect(toNumber(none(values))).toBe(0)
    expect(toArray(grad(none)(values))).toEqual([0, 0, 0])
  })

  test('what has weight 0 does not count even when it is not a number', () => {
    expect(toNumber(nn.reduceLoss(tensor([1, NaN, Infinity]), { weights: tensor([true, false, false]) }))).toBe(1)
  })

  test('weights of examples spread over their elements', () => {
    const loss = nn.squaredError(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([
        [0, 0],
        [0, 0],
      ]),
      { weights: tensor([0, 1]) },
    )
    expect(toNumber(loss)).toBe(12.5)
  })

  test('padding rows change neither value nor gradient', () => {
    const [x, y] = [
      tensor([
        [1, 2, 0],
        [0, 1, 3],
      ]),
      labels(0, 2),
    ]
    const [padded, paddedY] = [
      tensor([
        [1, 2, 0],
        [0, 1, 3],
        [9, 9, 9],
      ]),
      labels(0, 2, 1),
    ]
    const weights = tensor([1, 1, 0])
    const plain = (p: Tensor) => nn.softmaxCrossEntropyWithIntegerLabels(p, y)
    const masked = (p: Tensor) => nn.softmaxCrossEntropyWithIntegerLabels(p, paddedY, { weights })
    expect(toNumber(masked(padded))).toBe(toNumber(plain(x)))
    expect(toArray(grad(masked)(padded))).toEqual([...(toArray(grad(plain)(x)) as number[][]), [0, 0, 0]])
  })
})

describe('class numbers', () => {
  const logits = tensor(
    [
      [2, 0, 1],
      [0, 3, 1],
      [1, 1, 1],
    ],
    { dtype: 'float64' },
  )

  test('ignored labels count neither in the sum nor in the mean', () => {
    const kept = tensor(
      [
        [2, 0, 1],
        [0, 3, 1],
      ],
      { dtype: 'float64' },
    )
    const loss = nn.softmaxCrossEntropyWithIntegerLabels(logits, labels(0, 1, -100), { ignoreIndex: -100 })
    expect(toNumber(loss)).toBeCloseTo(toNumber(nn.softmaxCrossEntropyWithIntegerLabels(kept, labels(0, 1))), 12)
  })

  test('class weights divide out in the mean, smoothing spreads them', () => {
    const classWeights = tensor([1, 2, 4], { dtype: 'float64' })
    const y = labels(0, 1, 2)
    const single = toArray(nn.softmaxCrossEntropyWithIntegerLabels(logits, y, { reduction: 'none' })) as number[]
    const wanted = ((single[0] as number) + 2 * (single[1] as number) + 4 * (single[2] as number)) / 7
    expect(toNumber(nn.softmaxCrossEntropyWithIntegerLabels(logits, y, { classWeights }))).toBeCloseTo(wanted, 12)
    // From torch.nn.functional.cross_entropy with the same weights and label_smoothing 0.1.
    expect(toNumber(nn.softmaxCrossEntropyWithIntegerLabels(logits, y, { classWeights, labelSmoothing: 0.1 }))).toBeCloseTo(
      0.8074267770517857,
      9,
    )
  })

  test('agree with one-hot rows, also with several axes of classes', () => {
    const x = tensor(
      [
        [
          [2, 0],
          [1, 5],
        ],
        [
          [0, 3],
          [1, 1],
        ],
      ],
      { dtype: 'float64' },
    )
    const rows = tensor(
      [
        [
          [0, 0],
          [1, 0],
        ],
        [
          [0, 1],
          [0, 0],
        ],
      ],
      { dtype: 'float64' },
    )
    const byNumber = nn.softmaxCrossEntropyWithIntegerLabels(x, labels(2, 1), { axis: [1, 2], reduction: 'none' })
    const byRow = nn.softmaxCrossEntropy(x, rows, { axis: [1, 2], reduction: 'none' })
    const [a, b] = [toArray(byNumber), toArray(byRow)] as [number[], number[]]
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i] as number, 12))
  })

  test('classes that take no part are as if they were not there', () => {
    const where = tensor([
      [true, true, false],
      [true, true, false],
      [false, false, false],
    ])
    const few = tensor(
      [
        [2, 0],
        [0, 3],
      ],
      { dtype: 'float64' },
    )
    const wanted = toArray(nn.softmaxCrossEntropyWithIntegerLabels(few, labels(0, 1), { reduction: 'none' })) as number[]
    const of = (x: Tensor) => nn.softmaxCrossEntropyWithIntegerLabels(x, labels(0, 1, 2), { where, reduction: 'none' })
    expect(toArray(of(logits))).toEqual([...wanted.map((value) => expect.closeTo(value, 12)), 0])
    const slope = toArray(grad((x: Tensor) => sum(of(x)))(logits)) as number[][]
    expect(slope.flat().every(Number.isFinite)).toBe(true)
    expect(slope.map((line) => line[2])).toEqual([0, 0, 0])
  })
})

test('a class that cannot be and is not asked for costs nothing', () => {
  const logits = tensor([[-Infinity, 0, 0]])
  const loss = (x: Tensor) => nn.softmaxCrossEntropy(x, tensor([[0, 1, 0]]))
  expect(toNumber(loss(logits))).toBeCloseTo(Math.LN2, 6)
  expect((toArray(grad(loss)(logits)) as number[][])[0]).toEqual([0, -0.5, 0.5])
})
