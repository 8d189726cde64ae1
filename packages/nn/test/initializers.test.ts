import * as nn from '@grad-ts/nn'
import { evaluate, key, matmul, reshape, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

const numbers = (x: Tensor): number[] => Array.from((evaluate(x) as Constant).attributes.data)
const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
}

const [rows, columns] = [160, 240]

describe('random initializers', () => {
  // A uniform draw of variance v lies within √(3v), a truncated normal within 2·√v / 0.8796.
  test.each([
    ['glorotUniform', nn.glorotUniform, 2 / (rows + columns), Math.sqrt(3)],
    ['glorotNormal', nn.glorotNormal, 2 / (rows + columns), 2 / 0.8796],
    ['heUniform', nn.heUniform, 2 / rows, Math.sqrt(3)],
    ['heNormal', nn.heNormal, 2 / rows, 2 / 0.8796],
    ['lecunUniform', nn.lecunUniform, 1 / rows, Math.sqrt(3)],
    ['lecunNormal', nn.lecunNormal, 1 / rows, 2 / 0.8796],
    ['fanOut, normal', nn.varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'normal' }), 3 / columns, 6],
    ['uniform', nn.uniform({ low: -0.3, high: 0.3 }), 0.03, Math.sqrt(3)],
    ['normal', nn.normal({ stddev: 0.2 }), 0.04, 6],
  ] as const)('%s has the mean, variance and bounds it promises', (_, initializer, variance, bound) => {
    const values = numbers(initializer(key(1), [rows, columns]))
    const found = moments(values)
    const deviation = Math.sqrt(variance)
    expect(Math.abs(found.mean) / deviation).toBeLessThan(0.03)
    expect(found.variance / variance).toBeGreaterThan(0.97)
    expect(found.variance / variance).toBeLessThan(1.03)
    expect(Math.max(...values.map(Math.abs)) / deviation).toBeLessThanOrEqual(bound * 1.001)
  })

  test('reads the fans of convolution kernels from their layout', () => {
    expect(nn.fans([8, 4, 3, 3], { inAxis: 1, outAxis: 0 })).toEqual({ fanIn: 36, fanOut: 72 })
    expect(nn.fans([3, 3, 4, 8])).toEqual({ fanIn: 36, fanOut: 72 })
  })
})

describe('structured initializers', () => {
  test.each([
    [[20, 12], -1],
    [[12, 20], -1],
    [[40, 40], -1],
    [[6, 3, 2, 2], 0],
  ] as const)('orthogonal %j has orthonormal rows or columns', (shape, outAxis) => {
    const kernel = evaluate(nn.orthogonal({ gain: 2 })(key(2), shape, { outAxis })) as Constant
    const [left, right] = outAxis === 0 ? [shape[0], kernel.attributes.data.length / shape[0]] : [shape[0], shape[1]]
    const flat = reshape(kernel, [left, right])
    const tall = left >= right
    const gram = toArray(matmul(flat, flat, { transposeA: tall, transposeB: !tall })) as number[][]
    gram.forEach((line, i) => line.forEach((value, j) => expect(Math.abs(value - (i === j ? 4 : 0))).toBeLessThan(1e-5)))
  })

  test('identityMatrix, dirac and constants', () => {
    expect(toArray(nn.identityMatrix({ gain: 3 })(key(0), [2, 3]))).toEqual([
      [3, 0, 0],
      [0, 3, 0],
    ])
    expect(toArray(nn.dirac(key(0), [2, 1, 3]))).toEqual([[[0, 1, 0]], [[0, 0, 0]]])
    expect([toArray(nn.zeros(key(0), [1])), toArray(nn.ones(key(0), [1])), toArray(nn.constant(7)(key(0), [1]))]).toEqual([[0], [1], [7]])
  })

  test('sparse zeroes its share of every column', () => {
    const matrix = toArray(nn.sparse({ sparsity: 0.25 })(key(3), [8, 5])) as number[][]
    const zeros = Array.from({ length: 5 }, (_, j) => matrix.filter((line) => line[j] === 0).length)
    expect(zeros).toEqual([2, 2, 2, 2, 2])
  })
})
