import * as nn from '@grad-ts/nn'
import { scalar, tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

describe('mistakes', () => {
  const messageOf = (fn: () => unknown): string => {
    try {
      fn()
      return 'nothing was thrown'
    } catch (error) {
      return (error as Error).message.split('\n')[0] as string
    }
  }

  test('name what was expected', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ])
    expect([
      messageOf(() => nn.meanSquaredError(tensor([1, 2]), tensor([[1], [2]]))),
      messageOf(() => nn.softmaxCrossEntropyWithIntegerLabels(x, tensor([0, 1]))),
      messageOf(() =>
        nn.softmaxCrossEntropyWithIntegerLabels(
          x,
          tensor(
            [
              [0, 1],
              [1, 0],
            ],
            { dtype: 'int32' },
          ),
        ),
      ),
      messageOf(() => nn.softmaxCrossEntropy(x, tensor([0, 1]))),
      messageOf(() => nn.meanSquaredError(x, x, { weights: tensor([1, 2, 3]) })),
      messageOf(() => nn.sigmoidBinaryCrossEntropy(tensor([1, 0], { dtype: 'int32' }), tensor([1, 0]))),
      messageOf(() => nn.dense({ in: 3, out: 2 }).apply({ kernel: scalar(1), bias: null }, x)),
      messageOf(() =>
        nn.dense({ in: 2, out: 3 }).apply(
          {
            kernel: tensor([
              [1, 2],
              [3, 4],
              [5, 6],
            ]),
            bias: null,
          },
          x,
        ),
      ),
      messageOf(() => nn.dropout({ rate: 0.5 }).apply(null, x, { training: true })),
      messageOf(() => nn.embedding({ count: 4, size: 2 }).apply({ table: x }, x)),
      messageOf(() => nn.conv2d({ in: 3, out: 4, kernel: 3 }).apply({ kernel: scalar(1), bias: null }, x)),
      messageOf(() => nn.multiHeadAttention({ size: 10, heads: 3 })),
      messageOf(() => nn.dense({ in: 28 * 28, out: 0.5 })),
      messageOf(() => nn.lstm({ in: 0, size: 8 })),
      messageOf(() => nn.conv2d({ in: 3, out: 8, kernel: 3, groups: 2 })),
      messageOf(() => nn.dropout({ rate: 50 })),
      messageOf(() => nn.embedding({ count: NaN, size: 8 })),
    ]).toMatchInlineSnapshot(`
      [
        "meanSquaredError(float32[2], float32[2, 1]): expected predictions and targets of one shape; reshape one of them",
        "softmaxCrossEntropyWithIntegerLabels(float32[2, 2], float32[2]): expected int32 class numbers; make them with dtype 'int32', or give one-hot rows to softmaxCrossEntropy",
        "softmaxCrossEntropyWithIntegerLabels(float32[2, 2], int32[2, 2]): expected one class number per example: labels of the shape of the logits less the classes",
        "softmaxCrossEntropy(float32[2, 2], float32[2]): expected predictions and targets of one shape; reshape one of them",
        "meanSquaredError(float32[2], float32[3]): expected weights whose axes are the first axes of the loss values, such as [batch]",
        "sigmoidBinaryCrossEntropy(int32[2], float32[2]): expected float predictions; convert with cast(x, 'float32')",
        "dense(float32[2, 2], float32[]): expected x of shape [batch, …, 3]",
        "dense(float32[2, 2], float32[3, 2]): expected a kernel [in, out] = [2, 3]; transpose it if it is [out, in]",
        "dropout: expected a key to draw from while training, got none; pass { training: true, key } as the context of apply",
        "embedding(float32[2, 2]): expected int32 numbers of symbols; make them with dtype 'int32'",
        "conv2d(float32[2, 2]): expected x of shape [batch, 3, …2 spatial axes]: channels come before space",
        "multiHeadAttention: expected heads to divide the size 10, got 3; or give headSize",
        "dense: expected out to be a positive whole number, got 0.5",
        "lstm: expected in to be a positive whole number, got 0",
        "conv2d: expected in (3) and out (8) to be multiples of groups (2)",
        "dropout: expected rate from 0 up to, not including, 1, got 50",
        "embedding: expected count to be a positive whole number, got NaN",
      ]
    `)
  })
})
