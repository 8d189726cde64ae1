import * as nn from '@grad-ts/nn'
import { add, evaluate, tensor, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'

// The numbers come from PyTorch 2.13 in float64, given the same weights: ½·sin(k·(i + 1)) for the element at position i.
const waves = (k: number, ...shape: readonly number[]): Constant => {
  const size = shape.reduce((product, length) => product * length, 1)
  return tensor(
    Float64Array.from({ length: size }, (_, i) => Math.sin(k * (i + 1)) / 2),
    { shape },
  )
}

const expectClose = (y: Tensor, wanted: readonly number[]): void => {
  const { data } = (evaluate(y) as Constant).attributes
  expect(data.length).toBe(wanted.length)
  wanted.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 9))
}

describe('recurrent layers, both ways over padded sequences', () => {
  const x = waves(3, 2, 3, 2)
  const mask = tensor([
    [true, true, true],
    [true, true, false],
  ])
  const cell = (gates: number, shift: number, twoBiases: boolean) => ({
    kernel: waves(5 + shift, 2, gates * 2),
    recurrent: waves(7 + shift, 2, gates * 2),
    bias: waves(9 + shift, gates * 2),
    recurrentBias: twoBiases ? waves(11 + shift, gates * 2) : null,
  })

  test('lstm', () => {
    const layer = nn.lstm({ in: 2, size: 2, bidirectional: true })
    expectClose(
      layer.apply({ forward: cell(4, 0, false), backward: cell(4, 1, false) }, x, { mask }),
      [
        0.0951903025119, -0.0791477116708, -0.0957860054224, -0.0897145855575, 0.131490571856, -0.142394271301, -0.104597283454,
        -0.0954801594711, 0.141002330228, -0.190174454028, -0.0848112335223, -0.0773013110953, 0.0488209724135, -0.140095327912,
        -0.129476903578, -0.109847997794, 0.0742194218008, -0.205523241982, -0.0988494724484, -0.0851986477356, 0, 0, 0, 0,
      ],
    )
  })

  test('gru', () => {
    const layer = nn.gru({ in: 2, size: 2, bidirectional: true })
    const params = { forward: cell(3, 0, true), backward: cell(3, 1, true) }
    const outputs = [
      0.0759526848135, -0.17590800128, -0.264468347902, -0.155848300761, 0.130427639304, -0.290564739155, -0.291306225818, -0.1821183202,
      0.171751657297, -0.369642635023, -0.24474733832, -0.151080172597, 0.113753991327, -0.222578781114, -0.375318144638, -0.269183356742,
      0.179726985145, -0.355605465692, -0.294309142911, -0.198309158976, 0, 0, 0, 0,
    ]
    expectClose(layer.apply(params, x, { mask }), outputs)
    // The last real step forward, the first step backward.
    const last = nn.gru({ in: 2, size: 2, bidirectional: true, returnSequences: false })
    expectClose(
      last.apply(params, x, { mask }),
      [8, 9, 2, 3, 16, 17, 14, 15].map((i) => outputs[i] as number),
    )
  })
})

const projection = (k: number): nn.KernelAndBias => ({ kernel: waves(k, 4, 4), bias: waves(k + 4, 4) })
const attention = { query: projection(5), key: projection(6), value: projection(7), output: projection(8) }

describe('attention', () => {
  const x = waves(3, 2, 3, 4)

  test('causal, with padding', () => {
    const mask = tensor([
      [true, true, true],
      [true, true, false],
    ])
    expectClose(
      nn.multiHeadAttention({ size: 4, heads: 2, causal: true }).apply(attention, x, { mask }),
      [
        -0.32920289379, -1.00862837826, -0.273223747947, 0.106916139011, -0.218680881976, -1.24979920089, -0.313565034066, 0.359826278639,
        -0.14465687505, -1.40109483077, -0.343562002469, 0.519851028343, -0.0296651046193, -1.58327248107, -0.405540064342, 0.720064298846,
        -0.111081174656, -1.37399380279, -0.385024103837, 0.50481547467, -0.111356901411, -1.374471101, -0.38460948327, 0.505172118267,
      ],
    )
  })

  test('to a memory', () => {
    expectClose(
      nn.multiHeadAttention({ size: 4, heads: 2 }).apply(attention, { x, memory: waves(2, 2, 2, 4) }),
      [
        -0.304363749057, -0.862189186044, -0.340676707515, -0.0198942374054, -0.305108001411, -0.86201545643, -0.339983010491,
        -0.0202698329, -0.305428433512, -0.861869453773, -0.339705065173, -0.020496717664, -0.58684696353, -0.367115206976, -0.202260054427,
        -0.555247471882, -0.585305233058, -0.3682837421, -0.203461741099, -0.553729245854, -0.583201596293, -0.370008973733,
        -0.205063335341, -0.551537950188,
      ],
    )
  })
})

describe('transformer blocks', () => {
  const x = waves(3, 2, 3, 4)
  const norm = (k: number): nn.ScaleAndBias => ({ scale: evaluate(add(waves(k, 4), 1)), bias: waves(k + 1, 4) })
  const params = {
    attention,
    attentionNorm: norm(25),
    hidden: { kernel: waves(21, 4, 6), bias: waves(22, 6) },
    gate: null,
    output: { kernel: waves(23, 6, 4), bias: waves(24, 4) },
    outputNorm: norm(27),
  }

  test('encoder, norm first', () => {
    expectClose(
      nn.encoderBlock({ size: 4, heads: 2, hidden: 6 }).apply(params, x),
      [
        -0.30952049561, -3.16665796633, 0.209453038714, 1.64142459248, -0.0475400250261, -3.33665660263, 0.344181726807, 1.47385043752,
        0.105106166253, -3.42443319926, 0.393408816504, 1.43453420376, 0.0516128190896, -2.4761259, 0.013295740317, 0.789111992962,
        -0.106588175713, -2.34731255038, -0.114221673366, 0.983320888695, -0.411194954447, -2.19590101742, -0.208435017248, 1.22343675694,
      ],
    )
  })

  test('encoder, norm last', () => {
    expectClose(
      nn.encoderBlock({ size: 4, heads: 2, hidden: 6, norm: 'post' }).apply(params, x),
      [
        0.10891634107, -1.43108395363, 0.986223898414, 0.634297545113, 0.415939957535, -1.44299857886, 1.09070760822, 0.131342812891,
        0.543806864201, -1.44067095139, 1.10526509248, -0.0310701974627, 0.689147992723, -1.42724465015, 1.12320428459, -0.240545935752,
        0.53980630186, -1.4803926399, 0.9650748086, 0.353030348259, 0.00765053625361, -1.38311574843, 0.704888407187, 1.23812267995,
      ],
    )
  })

  test('decoder', () => {
    const block = nn.decoderBlock({ size: 4, heads: 2, hidden: 6 })
    expectClose(
      block.apply({ ...params, cross: attention, crossNorm: norm(29) }, { x, memory: waves(2, 2, 2, 4) }),
      [
        -0.696990332145, -3.95249389355, -0.0557011864506, 1.51705560505, -0.370742897476, -4.19182274744, 0.0383398571977, 1.42206663337,
        -0.183241386767, -4.30941676547, 0.0627264707082, 1.41599455974, -0.325226535699, -3.85706902418, 0.0052058229052, 1.11328200678,
        -0.463188942195, -3.70525539105, -0.169120777251, 1.31550392583, -0.945146794383, -2.61565440259, -0.424506308678, 0.714515759815,
      ],
    )
  })
})

test('activations', () => {
  const z = tensor([-3, -0.7, 0, 0.2, 2.5], { dtype: 'float64' })
  const wanted: Readonly<Record<string, readonly number[]>> = {
    celu: [-0.950212931632, -0.503414696209, 0, 0.2, 2.5],
    elu: [-0.950212931632, -0.503414696209, 0, 0.2, 2.5],
    gelu: [-0.00404969409489, -0.169374556556, 0, 0.115851941888, 2.48447583669],
    hardShrink: [-3, -0.7, 0, 0, 2.5],
    hardSigmoid: [0, 0.383333333333, 0.5, 0.533333333333, 0.916666666667],
    hardSilu: [0, -0.268333333333, 0, 0.106666666667, 2.29166666667],
    hardTanh: [-1, -0.7, 0, 0.2, 1],
    leakyRelu: [-0.03, -0.007, 0, 0.2, 2.5],
    logSigmoid: [-3.04858735157, -1.10318604889, -0.69314718056, -0.598138869382, -0.0788897342925],
    mish: [-0.145647461276, -0.267870234796, 0, 0.132599001862, 2.47139230456],
    relu6: [0, 0, 0, 0.2, 2.5],
    selu: [-1.67056872877, -0.885053045577, 0, 0.210140197471, 2.62675246839],
    silu: [-0.142277619533, -0.232268559482, 0, 0.109966799462, 2.31035454995],
    softplus: [0.0485873515737, 0.403186048885, 0.69314718056, 0.798138869382, 2.57888973429],
    softShrink: [-2.5, -0.2, 0, 0, 2],
    softsign: [-0.75, -0.411764705882, 0, 0.166666666667, 0.714285714286],
    tanhShrink: [-2.00494524631, -0.0956322228828, 0, 0.0026246797751, 1.51338570185],
  }
  for (const [name, values] of Object.entries(wanted)) {
    const activation = (nn as unknown as Readonly<Record<string, (x: Tensor) => Tensor>>)[name] as (x: Tensor) => Tensor
    expect([name, ...(toArray(activation(z)) as number[])]).toEqual([name, ...values.map((value) => expect.closeTo(value, 9))])
  }
  expectClose(nn.gelu(z, { approximate: true }), [-0.00363739208177, -0.169429865295, 0, 0.115851429782, 2.48491573391])
})
