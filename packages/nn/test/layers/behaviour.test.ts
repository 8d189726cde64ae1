import * as nn from '@grad-ts/nn'
import { evaluate, key, ones, slice, tensor, toArray, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { describe, expect, test } from 'vitest'

const numbers = (x: Tensor): number[] => Array.from((evaluate(x) as Constant).attributes.data)
const drawn = <P extends Tree<Tensor>>(layer: { init(key: Tensor): P }, seed = 1): P => evaluate(layer.init(key(seed)) as Tree<Tensor>) as P
const training = { training: true, key: key(9) }

describe('batch norm', () => {
  const layer = nn.batchNorm({ features: 2, momentum: 0.75 })
  const x = tensor([
    [0, 10],
    [2, 30],
  ])

  test('hands running statistics on and evaluates with them', () => {
    const [, state] = layer.applyWithState(drawn(layer), layer.initState(), x, training)
    expect(toArray(state.mean)).toEqual([0.25, 5])
    expect(toArray(state.variance)).toEqual([1, 25.75])
    const y = layer.apply(drawn(layer), tensor([[0.25, 5]]), { state })
    expect(numbers(y)).toEqual([0, 0])
  })

  test('evaluation leaves the state alone and does not look at the batch', () => {
    const [alone, state] = layer.applyWithState(drawn(layer), layer.initState(), slice(x, [{ end: 1 }]))
    expect(numbers(alone)).toEqual(numbers(layer.apply(drawn(layer), x)).slice(0, 2))
    expect(toArray(state.mean)).toEqual([0, 0])
  })

  test('rows that only fill the batch up change nothing', () => {
    const padded = tensor([
      [0, 10],
      [2, 30],
      [99, -99],
    ])
    const [y, state] = layer.applyWithState(drawn(layer), layer.initState(), padded, { ...training, weights: tensor([1, 1, 0]) })
    const [plain, plainState] = layer.applyWithState(drawn(layer), layer.initState(), x, training)
    numbers(y)
      .slice(0, 4)
      .forEach((value, i) => expect(value).toBeCloseTo(numbers(plain)[i] as number, 5))
    expect(numbers(state.variance)).toEqual(numbers(plainState.variance))
  })
})

describe('dropout', () => {
  test('drops its share, keeps the mean, and does nothing outside training', () => {
    const y = numbers(nn.dropout({ rate: 0.25 }).apply(null, ones([100, 100]), training))
    expect(y.filter((value) => value === 0).length / y.length).toBeCloseTo(0.25, 1)
    expect(y.reduce((sum, value) => sum + value, 0) / y.length).toBeCloseTo(1, 1)
    expect(numbers(nn.dropout({ rate: 0.25 }).apply(null, ones([2, 2])))).toEqual([1, 1, 1, 1])
  })

  test('spatialDropout drops whole channels', () => {
    const y = toArray(nn.spatialDropout({ rate: 0.5 }).apply(null, ones([8, 8, 3]), training)) as number[][][]
    const channels = y.flat()
    expect(channels.every((channel) => new Set(channel).size === 1)).toBe(true)
    expect(new Set(channels.map(([first]) => first))).toEqual(new Set([0, 2]))
  })
})

describe('padding', () => {
  const mask = tensor([[true, true, false, false]])
  const rest = (tail: number) =>
    tensor([
      [
        [1, 2],
        [3, -1],
        [tail, tail],
        [-tail, 5],
      ],
    ])

  test.each([
    ['lstm', nn.lstm({ in: 2, size: 3, bidirectional: true, returnSequences: false })],
    ['gru', nn.gru({ in: 2, size: 3, returnSequences: false })],
    ['simpleRnn', nn.simpleRnn({ in: 2, size: 3, returnSequences: false })],
    ['attentionPooling', nn.attentionPooling({ size: 2 })],
    ['meanOverTime', nn.meanOverTime()],
    ['maxOverTime', nn.maxOverTime()],
  ] as const)('%s gives the same whatever the padding holds', (_, given) => {
    const layer = given as unknown as nn.Layer
    const params = drawn(layer)
    expect(numbers(layer.apply(params, rest(7), { mask }))).toEqual(numbers(layer.apply(params, rest(-3), { mask })))
    expect(numbers(layer.apply(params, rest(7)))).not.toEqual(numbers(layer.apply(params, rest(-3))))
  })

  test('attention sees real steps only', () => {
    const layer = nn.encoderBlock({ size: 2, heads: 1 })
    const params = drawn(layer)
    const real = (tail: number) => numbers(slice(layer.apply(params, rest(tail), { mask }), [null, { end: 2 }]))
    expect(real(7)).toEqual(real(-3))
  })

  test('a sequence without any real step gives numbers', () => {
    const layer = nn.attentionPooling({ size: 2 })
    const y = numbers(layer.apply(drawn(layer), rest(1), { mask: tensor([[false, false, false, false]]) }))
    expect(y.every(Number.isFinite)).toBe(true)
  })
})

describe('order in time', () => {
  const x = tensor([
    [
      [1, 2, 0, 1],
      [3, -1, 2, 0],
      [5, 6, 1, 1],
    ],
  ])
  const changed = tensor([
    [
      [1, 2, 0, 1],
      [3, -1, 2, 0],
      [-4, 0, 9, 3],
    ],
  ])

  test('causal attention does not see what comes later', () => {
    const layer = nn.encoderBlock({ size: 4, heads: 2, causal: true, rotary: true })
    const params = drawn(layer)
    expect(numbers(layer.apply(params, x)).slice(0, 8)).toEqual(numbers(layer.apply(params, changed)).slice(0, 8))
    expect(numbers(layer.apply(params, x)).slice(8)).not.toEqual(numbers(layer.apply(params, changed)).slice(8))
  })

  test('a window hides what lies further back', () => {
    const layer = nn.multiHeadAttention({ size: 4, heads: 2, keyValueHeads: 1, causal: true, window: 2 })
    const params = drawn(layer)
    const whole = numbers(layer.apply(params, x))
    const last = numbers(layer.apply(params, slice(x, [null, { start: 1 }])))
    expect(whole.slice(8)).toEqual(last.slice(4))
    expect(whole.slice(4, 8)).not.toEqual(last.slice(0, 4))
  })

  test('rotary scores depend on distances only', () => {
    const dot = (offset: number): number => {
      const turned = toArray(
        nn.rotaryPositions(
          tensor(
            [
              [1, 2, 3, 4],
              [4, 3, 2, 1],
            ],
            { dtype: 'float64' },
          ),
          { offset },
        ),
      ) as number[][]
      return (turned[0] as number[]).reduce((sum, value, i) => sum + value * ((turned[1] as number[])[i] as number), 0)
    }
    expect(dot(0)).not.toBeCloseTo(20, 3)
    expect(dot(17)).toBeCloseTo(dot(0), 12)
  })

  const places = tensor([[0, 1, 2]], { dtype: 'int32' })
  const moved = tensor([[4, 0, 7]], { dtype: 'int32' })

  test.each([
    ['learnedPositions', nn.learnedPositions({ length: 8, size: 4 })],
    ['sinusoidalPositions', nn.sinusoidalPositions({ size: 4 })],
    ['rotary attention', nn.multiHeadAttention({ size: 4, heads: 1, rotary: true })],
  ])('%s reads the positions of the context', (_, layer) => {
    const params = drawn(layer as nn.Layer)
    const { apply } = layer as nn.Layer
    const plain = numbers(apply(params, x))
    numbers(apply(params, x, { positions: places })).forEach((value, i) => expect(value).toBeCloseTo(plain[i] as number, 5))
    const there = numbers(apply(params, x, { positions: moved }))
    expect(there.some((value, i) => Math.abs(value - (plain[i] as number)) > 1e-2)).toBe(true)
  })

  test('positions out of order are steps out of order', () => {
    const layer = nn.learnedPositions({ length: 8, size: 4 })
    const table = evaluate(layer.init(key(1)).table)
    const rows = numbers(layer.apply({ table }, zeros([1, 3, 4]), { positions: moved }))
    expect(rows).toEqual([4, 0, 7].flatMap((row) => Array.from(table.attributes.data).slice(row * 4, row * 4 + 4)))
  })

  test('positions must be those of the steps', () => {
    expect(() => nn.rotaryPositions(zeros([2, 3, 4]), { positions: zeros([2, 4], 'int32') })).toThrow('expected positions [batch, time]')
  })

  test('scaled frequencies: short periods stay, long ones slow down in full, those between in part', () => {
    const plain = nn.rotaryFrequencies(64)
    expect(plain[16]).toBeCloseTo(0.01, 12)
    const llama3 = { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 256 } as const
    const slowed = nn.rotaryFrequencies(64, { scaling: llama3 }).map((frequency, i) => (plain[i] as number) / frequency)
    plain.forEach((frequency, i) => {
      const period = (2 * Math.PI) / frequency
      if (period < 64) expect(slowed[i]).toBe(1)
      else if (period > 256) expect(slowed[i]).toBeCloseTo(8, 12)
      else expect((slowed[i] as number) > 1 && (slowed[i] as number) < 8).toBe(true)
    })
    expect(new Set(slowed).size).toBeGreaterThan(3)
    expect(() => nn.rotaryFrequencies(4, { scaling: { type: 'linear', factor: 0.5 } })).toThrow('expected a factor of 1 or more, got 0.5')
  })
})

describe('embeddings', () => {
  test('the padding symbol counts as zeros', () => {
    const layer = nn.embedding({ count: 3, size: 2, paddingId: 1 })
    const y = toArray(layer.apply(drawn(layer), tensor([0, 1], { dtype: 'int32' }))) as number[][]
    expect(y[1]).toEqual([0, 0])
    expect(y[0]).not.toEqual([0, 0])
  })
})

describe('a decoder goes on where an encoder stopped', () => {
  test('the carry of the first half leads to the outputs of the second', () => {
    const cell = nn.lstmCell({ in: 2, size: 3 })
    const params = map((leaf: Tensor) => evaluate(leaf), cell.init(key(1)) as Tree<Tensor>) as nn.CellParams
    const x = tensor([
      [
        [1, 2],
        [3, -1],
        [0, 1],
        [2, 2],
      ],
    ])
    const whole = nn.unrollCell(cell, params, x)
    const first = nn.unrollCell(cell, params, slice(x, [null, { end: 2 }]))
    const second = nn.unrollCell(cell, params, slice(x, [null, { start: 2 }]), { carry: first.carry })
    expect([...numbers(first.outputs), ...numbers(second.outputs)]).toEqual(numbers(whole.outputs))
  })
})
