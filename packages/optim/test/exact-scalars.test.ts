import { interpret, tensor, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'
import {
  biasCorrection,
  cosineAnnealing,
  cosineDecay,
  cyclic,
  exponentialDecay,
  inverseTimeDecay,
  linear,
  polynomial,
  warmRestarts,
  warmupCosineDecay,
} from '../src/index.ts'
import type { Schedule } from '../src/index.ts'

const counts = [1, 2, 3, 7, 10, 100, 999, 1000, 12_345, 100_000, 999_999, 1_000_000, 5_000_001, 9_999_999, 10_000_000]
const at = (count: number): Tensor => tensor(Int32Array.of(count), { shape: [] })

describe('scalars are right to 1e-6 relative from step 1 to step ten million, in float32', () => {
  test.each([0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999])('1 - %f^t', (b) => {
    for (const t of counts) {
      const exact = -Math.expm1(t * Math.log(b))
      const found = 1 / toNumber(biasCorrection(tensor(1), b, at(t)) as Tensor)
      expect(Math.abs(found / exact - 1)).toBeLessThan(1e-6)
    }
  })

  const long = 10_000_000
  const schedules: readonly (readonly [string, Schedule])[] = [
    ['linear warm-up', linear({ initValue: 0, endValue: 0.1, transitionSteps: long })],
    ['quadratic warm-up', polynomial({ initValue: 0, endValue: 0.1, power: 2, transitionSteps: long })],
    ['cosine', cosineDecay({ initValue: 0.1, transitionSteps: long + 1 })],
    ['cosine wave', cosineAnnealing({ initValue: 0.1, transitionSteps: 7919 })],
    ['warm-up and cosine', warmupCosineDecay({ peakValue: 0.1, warmupSteps: 1000, totalSteps: long + 1 })],
    ['exponential', exponentialDecay({ initValue: 0.1, transitionSteps: 1000, decayRate: 0.999 })],
    ['staircase', exponentialDecay({ initValue: 0.1, transitionSteps: 7, decayRate: 0.99999, staircase: true })],
    ['inverse time', inverseTimeDecay({ initValue: 0.1, transitionSteps: 3, decayRate: 0.5, staircase: true })],
    ['restarts', warmRestarts({ initValue: 0.1, transitionSteps: 10, stepsFactor: 3, valueFactor: 0.9 })],
    ['cyclic', cyclic({ baseValue: 0.01, maxValue: 0.1, stepsUp: 17, stepsDown: 30, mode: 'expRange', gamma: 0.999999 })],
  ]
  test.each(schedules)('%s', (_, schedule) => {
    const single = interpret((count: Tensor) => schedule(count, 'float32'))
    const double = interpret((count: Tensor) => schedule(count, 'float64'))
    for (const t of counts) {
      const exact = toNumber(double(at(t)))
      expect(Math.abs(toNumber(single(at(t))) - exact)).toBeLessThanOrEqual(1e-6 * Math.abs(exact))
    }
  })
})
