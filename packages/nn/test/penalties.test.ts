import { elasticPenalty, kernelsOnly, l1Penalty, l2Penalty, orthogonalPenalty } from '@grad-ts/nn'
import { tensor, toNumber } from '@grad-ts/tensor'
import { expect, test } from 'vitest'

const params = {
  layer: {
    kernel: tensor([
      [1, -2],
      [0, 2],
    ]),
    bias: tensor([3, -3]),
  },
  none: null,
}

test('penalties add up over the parameters they are told to read', () => {
  expect(toNumber(l1Penalty(params, 0.5))).toBe(5.5)
  expect(toNumber(l2Penalty(params, 0.5, { where: kernelsOnly }))).toBe(4.5)
  expect(toNumber(elasticPenalty(params, { l1: 1, l2: 2, where: (path) => path.endsWith('bias') }))).toBe(42)
  expect(toNumber(l1Penalty({}, 1))).toBe(0)
})

test('orthogonalPenalty is 0 for orthonormal columns or rows and reads kernels only', () => {
  expect(
    toNumber(
      orthogonalPenalty(
        {
          kernel: tensor([
            [0, 1],
            [1, 0],
            [0, 0],
          ]),
          bias: tensor([5, 5]),
        },
        1,
      ),
    ),
  ).toBe(0)
  expect(
    toNumber(
      orthogonalPenalty(
        {
          kernel: tensor([
            [0, 1, 0],
            [1, 0, 0],
          ]),
        },
        1,
      ),
    ),
  ).toBe(0)
  // The columns [1, 0] and [−2, 2]: their products are 1, 8 and −2.
  expect(toNumber(orthogonalPenalty(params, 1))).toBe(49 + 4 + 4)
})
