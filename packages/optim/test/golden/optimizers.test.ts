import { describe, expect, test } from 'vitest'
import { adam, adamw, addDecayedWeights, chain, clip, clipByGlobalNorm, exponentialDecay, rmsprop, sgd } from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import { afterVectorSteps, relativeDistance } from '../trajectory.ts'

const learningRate = 0.1

// Made with optax 0.2.8 in float64: three steps from [1, -2, 0.5].
const rows: readonly (readonly [string, GradientTransformation, readonly number[], number?])[] = [
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
  test.each(rows)('%s', (_, rule, expected, tolerance = 1e-10) => {
    expect(relativeDistance(afterVectorSteps(rule), expected)).toBeLessThan(tolerance)
    expect(relativeDistance(afterVectorSteps(rule, { dtype: 'float32' }), expected)).toBeLessThan(3e-6)
  })
})
