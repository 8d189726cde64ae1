import { describe, expect, test } from 'vitest'
import * as optim from '../../src/index.ts'
import { adam, adamw, addDecayedWeights, chain, clip, clipByGlobalNorm, exponentialDecay, rmsprop, sgd } from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import { afterMatrixSteps, afterVectorSteps, relativeDistance } from '../trajectory.ts'

const learningRate = 0.1

type Row = readonly [name: string, rule: unknown, expected: readonly number[], tolerance?: number]

// Made with optax 0.2.8 in float64: three steps from [1, -2, 0.5].
const rows: readonly Row[] = [
  ['sgd', sgd({ learningRate }), [1.015, -2.03, 0.46]],
  ['sgd, momentum', sgd({ learningRate, momentum: 0.9 }), [1.0249, -2.0048, 0.3907]],
  ['sgd, nesterov', sgd({ learningRate, momentum: 0.9, nesterov: true }), [1.03741, -2.03432, 0.36163]],
  ['rmsprop', rmsprop({ learningRate }), [0.933042738485, -2.11307228527, 0.0936626551517]],
  ['rmsprop, eps outside', rmsprop({ learningRate, epsInRoot: false }), [0.933041356275, -2.11307212862, 0.0936624843555]],
  ['rmsprop, centered', rmsprop({ learningRate, centered: true }), [0.922326096484, -2.10484713142, 0.0615855681182]],
  ['rmsprop, momentum', rmsprop({ learningRate, momentum: 0.9 }), [0.663656035393, -1.70502109762, -0.610722820339]],
  ['rmsprop, bias correction', rmsprop({ learningRate, biasCorrection: true }), [1.00422967179, -2.11099709193, 0.368488540826]],
  ['adam', adam({ learningRate }), [0.977168808992, -1.91909947999, 0.247775607211]],
  ['nadam', adam({ learningRate, nesterov: true }), [0.964112048663, -1.9573248969, 0.228056428739]],
  ['adamw', adamw({ learningRate }), [0.977140315092, -1.91904174692, 0.247763577703]],
  ['adamw, decay', adamw({ learningRate, weightDecay: 0.01 }), [0.974322288991, -1.91333201168, 0.246574041914]],
  ['clip', chain(clip(0.25), sgd({ learningRate })), [1.01, -2.015, 0.465]],
  ['clip by global norm', chain(clipByGlobalNorm(0.25), sgd({ learningRate })), [1.01035341577, -2.01739563957, 0.472611637415]],
  ['L2', chain(addDecayedWeights(0.01), sgd({ learningRate })), [1.011992989, -2.024035978, 0.4585814695]],
  [
    'adam, schedule',
    adam({ learningRate: exponentialDecay({ initValue: 0.1, transitionSteps: 1, decayRate: 0.5 }) }),
    [0.93164695401, -1.89811644666, 0.337685099633],
    1e-6,
  ],
]

describe('optimizers against numbers of optax', () => {
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_, [, rule, expected, tolerance = 1e-10]) => {
    expect(relativeDistance(afterVectorSteps(rule as GradientTransformation), expected)).toBeLessThan(tolerance)
    expect(relativeDistance(afterVectorSteps(rule as GradientTransformation, { dtype: 'float32' }), expected)).toBeLessThan(3e-6)
  })
})

// Also made with optax 0.2.8; where a tolerance is given, optax computes a scalar in float32.
const others: readonly Row[] = [
  ['adagrad', optim.adagrad({ learningRate }), [1.02581979343, -2.0442097603, 0.409884834476]],
  ['nadam', optim.nadam({ learningRate }), [0.964112048663, -1.9573248969, 0.228056428739]],
  ['nadamw', optim.nadamw({ learningRate }), [0.964083978499, -1.95726767999, 0.228045401447]],
  ['adamax', optim.adamax({ learningRate }), [0.953956398722, -1.9091846026, 0.277652352946]],
  ['amsgrad', optim.amsgrad({ learningRate }), [0.972352663434, -1.92468055175, 0.277814469761]],
  ['lamb', optim.lamb({ learningRate, weightDecay: 0.01 }), [1.03119121872, -1.93332945097, 0.0366223854374]],
  ['lars', optim.lars({ learningRate, weightDecay: 0.01 }), [1.00013776474, -1.99996672048, 0.499326447961]],
  ['lion', optim.lion({ learningRate }), [0.899710028999, -2.099410059, 0.399880014]],
  ['radam', optim.radam({ learningRate }), [1.00618178287, -1.98789279472, 0.433344338707]],
  ['adabelief', optim.adabelief({ learningRate }), [0.971806736395, -1.9100679144, 0.214940394464]],
  ['yogi', optim.yogi({ learningRate }), [0.98194878852, -1.9209674335, 0.249921262005]],
  ['novograd', optim.novograd({ learningRate, weightDecay: 0.01 }), [1.06199455298, -1.99355021398, 0.203378634771]],
  ['adafactor', optim.adafactor({ learningRate }), [0.986089774936, -2.12893951796, 0.334100926186], 1e-6],
  ['adafactor without a learning rate', optim.adafactor(), [0.208748959199, -2.57993223639, -0.820869190601], 1e-6],
  ['adan', optim.adan({ learningRate }), [0.973088942025, -1.92133202308, 0.24755646154]],
  ['adopt', optim.adopt({ learningRate }), [1.0140019988, -2.02139207115, 0.490666759263]],
  ['ademamix', optim.ademamix({ learningRate }), [0.977204097561, -1.91907454293, 0.247534955638]],
  ['scheduleFreeSgd', optim.scheduleFreeSgd({ learningRate }), [1.009, -2.003, 0.46]],
  ['scheduleFreeAdamw', optim.scheduleFreeAdamw({ learningRate }), [0.983075641548, -2.00473556451, 0.36360390043]],
  ['prodigy', optim.prodigy(), [0.99999977169, -1.999999191, 0.499997477758], 1e-6],
  ['signSgd', optim.signSgd({ learningRate }), [0.9, -2.1, 0.4]],
  ['signum', optim.signum({ learningRate }), [1.1, -1.9, 0.2]],
  ['rprop', optim.rprop({ learningRate }), [1, -2, 0.4]],
  ['fromage', optim.fromage({ learningRate }), [1.06598606497, -2.11802854232, 0.252919286076]],
  ['sm3', optim.sm3({ learningRate }), [0.989363257769, -1.99012577625, 0.465033310506]],
  ['clipByBlockRms', chain(optim.clipByBlockRms(0.1), sgd({ learningRate })), [1.00717305686, -2.01205205263, 0.481024785787]],
  ['adaptiveGradClip', chain(optim.adaptiveGradClip(0.1), sgd({ learningRate })), [1.0093580289, -2.01583419923, 0.474975028257]],
  ['ema', chain(optim.ema(0.9), sgd({ learningRate })), [1.00618178287, -1.98789279472, 0.433344338707]],
  ['multiSteps', optim.multiSteps(adam({ learningRate }), { every: 2 }), [1.09999999, -1.90000002, 0.400000004]],
]

const matrices: readonly Row[] = [
  ['muon', optim.muon({ learningRate }), [0.922016092257, -2.05815160629, 0.394414725325, 0.331080391778, 0.734420212172, -1.14265085408]],
  [
    'muon, consistent rms',
    optim.muon({ learningRate, consistentRms: 0.2 }),
    [0.977942820005, -2.01644775806, 0.470135974514, 0.272932997939, 0.745593370551, -1.0403477545],
  ],
  [
    'adafactor, factored',
    optim.adafactor({ learningRate, minDimSizeToFactor: 2 }),
    [0.926753460958, -2.01694301582, 0.422323173645, 0.266540882909, 0.729981091766, -1.17463961624],
    1e-6,
  ],
  [
    'centralize',
    chain(optim.centralize(), sgd({ learningRate })),
    [1.00333333333, -2.00166666667, 0.498333333333, 0.268333333333, 0.758333333333, -1.02666666667],
  ],
  ['sm3', optim.sm3({ learningRate }), [0.979356019716, -1.98994427406, 0.484162278558, 0.263452997196, 0.735472145008, -1.02347213338]],
]

describe('the other optimizers against numbers of optax', () => {
  test.each(others.map((row) => [row[0], row] as const))('%s', (_, [, rule, expected, tolerance = 1e-9]) => {
    const distance = relativeDistance(afterVectorSteps(rule as GradientTransformation), expected)
    expect(distance).toBeLessThan(tolerance)
  })

  test.each(matrices.map((row) => [row[0], row] as const))('%s of a matrix', (_, [, rule, expected, tolerance = 1e-9]) => {
    expect(relativeDistance(afterMatrixSteps(rule as GradientTransformation), expected)).toBeLessThan(tolerance)
  })

  test('reduceOnPlateau and radam past its threshold', () => {
    const plateau = chain(sgd({ learningRate }), optim.reduceOnPlateau({ factor: 0.5, patience: 1 })) as unknown as GradientTransformation
    expect(relativeDistance(afterVectorSteps(plateau, { values: [1, 1, 0.5] }), [1.0025, -2.005, 0.465])).toBeLessThan(1e-10)
    const radam = optim.radam({ learningRate }) as unknown as GradientTransformation
    expect(relativeDistance(afterVectorSteps(radam, { count: 8 }), [1.01733154107, -1.99820046748, 0.39191444421])).toBeLessThan(1e-9)
  })
})
