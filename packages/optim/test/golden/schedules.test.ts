import { toNumber } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'
import {
  constant,
  cosineDecay,
  cosineOneCycle,
  exponentialDecay,
  join,
  linear,
  linearOneCycle,
  piecewiseConstant,
  piecewiseInterpolate,
  polynomial,
  sgdr,
  warmupCosineDecay,
  warmupExponentialDecay,
} from '../../src/index.ts'
import type { Schedule } from '../../src/index.ts'
import { asCount } from '../../src/numerics/count.ts'

const steps = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14]

// Made with optax 0.2.8, at the steps above.
const rows: readonly (readonly [string, Schedule, readonly number[]])[] = [
  ['constant', constant(0.1), steps.map(() => 0.1)],
  [
    'linear',
    linear({ initValue: 0.1, endValue: 0.01, transitionSteps: 10 }),
    [0.1, 0.091, 0.082, 0.073, 0.064, 0.055, 0.046, 0.028, 0.01, 0.01, 0.01],
  ],
  [
    'polynomial',
    polynomial({ initValue: 0.1, endValue: 0.01, power: 2, transitionSteps: 10, transitionBegin: 2 }),
    [0.1, 0.1, 0.1, 0.0829, 0.0676, 0.0541, 0.0424, 0.0244, 0.0136, 0.01, 0.01],
  ],
  [
    'exponential',
    exponentialDecay({ initValue: 0.1, transitionSteps: 4, decayRate: 0.5 }),
    [0.1, 0.08408964, 0.07071068, 0.05946036, 0.05, 0.04204482, 0.03535534, 0.025, 0.01767767, 0.0125, 0.008838835],
  ],
  [
    'exponential staircase',
    exponentialDecay({ initValue: 0.1, transitionSteps: 4, decayRate: 0.5, staircase: true }),
    [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125],
  ],
  [
    'exponential bounded',
    exponentialDecay({ initValue: 0.1, transitionSteps: 4, decayRate: 0.5, transitionBegin: 2, endValue: 0.03 }),
    [0.1, 0.1, 0.1, 0.08408964, 0.07071068, 0.05946036, 0.05, 0.03535534, 0.03, 0.03, 0.03],
  ],
  [
    'cosine',
    cosineDecay({ initValue: 0.1, transitionSteps: 10 }),
    [0.1, 0.09755283, 0.09045085, 0.07938926, 0.06545085, 0.05, 0.03454915, 0.00954915, 0, 0, 0],
  ],
  [
    'cosine to a floor',
    cosineDecay({ initValue: 0.1, transitionSteps: 10, endValue: 0.01 }),
    [0.1, 0.09779754, 0.09140576, 0.08145034, 0.06890576, 0.055, 0.04109424, 0.01859424, 0.01, 0.01, 0.01],
  ],
  [
    'warm-up and cosine',
    warmupCosineDecay({ initValue: 0, peakValue: 0.1, warmupSteps: 4, totalSteps: 12, endValue: 0.01 }),
    [0, 0.025, 0.05, 0.075, 0.1, 0.09657458, 0.08681981, 0.055, 0.02318019, 0.01, 0.01],
  ],
  [
    'warm-up and exponential',
    warmupExponentialDecay({ initValue: 0, peakValue: 0.1, warmupSteps: 4, transitionSteps: 4, decayRate: 0.5 }),
    [0, 0.025, 0.05, 0.075, 0.1, 0.08408964, 0.07071068, 0.05, 0.03535534, 0.025, 0.01767767],
  ],
  [
    'join',
    join([linear({ initValue: 0, endValue: 0.1, transitionSteps: 4 }), constant(0.1)], [4]),
    [0, 0.025, 0.05, 0.075, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
  ],
  [
    'piecewise constant',
    piecewiseConstant({ initValue: 0.1, factors: { 4: 0.5, 8: 0.1 } }),
    [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.005, 0.005, 0.005, 0.005],
  ],
  [
    'piecewise linear',
    piecewiseInterpolate({ initValue: 0.1, factors: { 4: 0.5, 8: 0.1 } }),
    [0.1, 0.0875, 0.075, 0.0625, 0.05, 0.03875, 0.0275, 0.005, 0.005, 0.005, 0.005],
  ],
  [
    'piecewise cosine',
    piecewiseInterpolate({ initValue: 0.1, factors: { 4: 0.5, 8: 0.1 }, interpolation: 'cosine' }),
    [0.1, 0.09267767, 0.075, 0.05732233, 0.05, 0.0434099, 0.0275, 0.005, 0.005, 0.005, 0.005],
  ],
  [
    'linear one cycle',
    linearOneCycle({ transitionSteps: 12, peakValue: 0.1 }),
    [0.004, 0.036, 0.068, 0.1, 0.08628571, 0.07257143, 0.05885714, 0.03142857, 0.004, 4e-7, 4e-7],
  ],
  [
    'cosine one cycle',
    cosineOneCycle({ transitionSteps: 12, peakValue: 0.1 }),
    [0.004, 0.028, 0.076, 0.1, 0.09698464, 0.08830227, 0.0750001, 0.04131783, 0.01169813, 4e-7, 4e-7],
  ],
  [
    'warm restarts',
    sgdr([
      { peakValue: 0.1, warmupSteps: 2, totalSteps: 6 },
      { peakValue: 0.05, warmupSteps: 2, totalSteps: 6 },
    ]),
    [0, 0.05, 0.1, 0.08535534, 0.05, 0.01464466, 0, 0.05, 0.025, 0, 0],
  ],
]

describe('schedules against numbers of optax', () => {
  test.each(rows)('%s', (_, schedule, expected) => {
    for (const dtype of ['float32', 'float64'] as const)
      steps.forEach((step, i) => {
        const found = toNumber(schedule(asCount(step), dtype))
        // optax computes schedules in float32.
        expect(Math.abs(found - (expected[i] as number))).toBeLessThanOrEqual(1e-6 * Math.abs(expected[i] as number) + 1e-12)
      })
  })
})
