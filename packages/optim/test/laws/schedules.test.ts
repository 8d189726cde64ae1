import { toNumber } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'
import {
  constant,
  cosineAnnealing,
  cosineDecay,
  cosineOneCycle,
  cyclic,
  exponentialDecay,
  inverseSquareRoot,
  inverseTimeDecay,
  join,
  linear,
  linearOneCycle,
  oneCycle,
  piecewiseConstant,
  piecewiseInterpolate,
  polynomial,
  product,
  sgdr,
  warmRestarts,
  warmupConstant,
  warmupCosineDecay,
  warmupExponentialDecay,
  warmupStableDecay,
} from '../../src/index.ts'
import type { Schedule } from '../../src/index.ts'
import { asCount } from '../../src/numerics/count.ts'
import { scheduleTable } from '../../src/specs/schedules.ts'

const steps = [
  0, 1, 2, 3, 7, 10, 99, 100, 101, 999, 1000, 1001, 54_321, 999_999, 1_000_000, 4_999_999, 5_000_003, 9_999_998, 9_999_999, 10_000_000,
]

const bounded = (x: number): number => Math.min(Math.max(x, 0), 1)
const mix = (from: number, to: number, weight: number): number => from * weight + to * (1 - weight)
/** ½(1 + cos(π·done)) as a square: near its zero the sum would cancel, in float64 too. */
const half = (done: number): number => Math.cos((Math.PI / 2) * done) ** 2
const line = (from: number, to: number, start: number, end: number, t: number): number =>
  from + (to - from) * bounded((t - start) / (end - start))
const wave = (from: number, to: number, start: number, end: number, t: number): number => {
  const done = bounded((t - start) / (end - start))
  return from * (done === 1 ? 0 : half(done)) + to * half(1 - done)
}
/** Half a wave down to zero, from what is left, so that the last steps keep all their digits. */
const fall = (steps: number, t: number): number => Math.sin(((Math.PI / 2) * (steps - Math.min(t, steps))) / steps) ** 2

const million = 1_000_000
const ten = 10 * million

const restarted = (first: number, growth: number, shrink: number, t: number): number => {
  let [start, length, height] = [0, first, 1]
  while (t >= start + length) [start, length, height] = [start + length, length * growth, height * shrink]
  return height * Math.sin(((Math.PI / 2) * (start + length - t)) / length) ** 2
}

const zigzag = (up: number, down: number, t: number): number => {
  const place = t % (up + down)
  return place <= up ? place / up : (up + down - place) / down
}

// Each schedule beside the same curve in plain float64.
const rows: Readonly<Record<string, readonly [Schedule, (t: number) => number]>> = {
  constant: [constant(0.3), () => 0.3],
  linear: [linear({ initValue: 0.3, endValue: 0.001, transitionSteps: ten }), (t) => line(0.3, 0.001, 0, ten, t)],
  polynomial: [
    polynomial({ initValue: 1, endValue: 0, power: 2, transitionSteps: ten + 1, transitionBegin: 5 }),
    (t) => ((ten + 1 - Math.max(t - 5, 0)) / (ten + 1)) ** 2,
  ],
  'polynomial rising': [
    polynomial({ initValue: 0, endValue: 1, power: 0.5, transitionSteps: ten }),
    (t) => -Math.expm1(0.5 * Math.log1p(-t / ten)),
  ],
  'polynomial in cycles': [
    polynomial({ initValue: 1, endValue: 0.01, power: 1.5, transitionSteps: 1000, cycle: true }),
    (t) => 0.01 + 0.99 * (1 - t / (1000 * Math.max(1, Math.ceil(t / 1000)))) ** 1.5,
  ],
  exponentialDecay: [exponentialDecay({ initValue: 0.1, transitionSteps: million, decayRate: 0.5 }), (t) => 0.1 * 0.5 ** (t / million)],
  'exponentialDecay in stairs': [
    exponentialDecay({ initValue: 0.1, transitionSteps: 1000, decayRate: 0.998, staircase: true }),
    (t) => 0.1 * 0.998 ** Math.floor(t / 1000),
  ],
  'exponentialDecay bounded': [
    exponentialDecay({ initValue: 0.1, transitionSteps: 1, decayRate: 0.999999, transitionBegin: 3, endValue: 0.05 }),
    (t) => Math.max(0.1 * 0.999999 ** Math.max(t - 3, 0), 0.05),
  ],
  inverseTimeDecay: [inverseTimeDecay({ initValue: 0.1, transitionSteps: 10, decayRate: 0.3 }), (t) => 0.1 / (1 + (0.3 * t) / 10)],
  inverseSquareRoot: [
    inverseSquareRoot({ peakValue: 0.1, warmupSteps: 100 }),
    (t) => (t < 100 ? (0.1 * t) / 100 : 0.1 * Math.sqrt(100 / t)),
  ],
  'inverseSquareRoot without warm-up': [inverseSquareRoot({ peakValue: 0.1, timescale: 7 }), (t) => 0.1 * Math.sqrt(7 / (t + 7))],
  cosineDecay: [cosineDecay({ initValue: 0.3, transitionSteps: ten }), (t) => 0.3 * fall(ten, t)],
  'cosineDecay with exponent': [
    cosineDecay({ initValue: 0.3, endValue: 0.003, exponent: 1.7, transitionSteps: 1000 }),
    (t) => 0.003 + 0.297 * fall(1000, t) ** 1.7,
  ],
  cosineAnnealing: [cosineAnnealing({ initValue: 0.3, endValue: 0.1, transitionSteps: 777 }), (t) => mix(0.3, 0.1, half((t % 1554) / 777))],
  warmRestarts: [warmRestarts({ initValue: 0.3, transitionSteps: 1234 }), (t) => 0.3 * restarted(1234, 1, 1, t)],
  'warmRestarts growing': [
    warmRestarts({ initValue: 0.3, endValue: 0.1, transitionSteps: 100, stepsFactor: 2, valueFactor: 0.9 }),
    (t) => 0.1 + 0.2 * restarted(100, 2, 0.9, t),
  ],
  'warmRestarts growing by a fraction': [
    warmRestarts({ initValue: 0.3, transitionSteps: 7, stepsFactor: 1.5 }),
    (t) => 0.3 * restarted(7, 1.5, 1, t),
  ],
  cyclic: [cyclic({ baseValue: 0, maxValue: 0.7, stepsUp: 3 * million, stepsDown: 2 * million }), (t) => 0.7 * zigzag(3e6, 2e6, t)],
  'cyclic triangular2': [
    cyclic({ baseValue: 0.1, maxValue: 0.7, stepsUp: 400_000, mode: 'triangular2' }),
    (t) => 0.1 + 0.6 * zigzag(4e5, 4e5, t) * 0.5 ** Math.floor(t / 8e5),
  ],
  'cyclic expRange': [
    cyclic({ baseValue: 0.1, maxValue: 0.7, stepsUp: 30, stepsDown: 50, mode: 'expRange', gamma: 0.9999995 }),
    (t) => 0.1 + 0.6 * zigzag(30, 50, t) * Math.exp(t * Math.log(0.9999995)),
  ],
  'cyclic inverse': [cyclic({ baseValue: 0.8, maxValue: 0.9, stepsUp: 13, inverse: true }), (t) => 0.9 - 0.1 * zigzag(13, 13, t)],
  oneCycle: [
    oneCycle({ initValue: 0.01, peakValue: 0.3, endValue: 1e-6, totalSteps: ten + 1, pctStart: 0.37 }),
    (t) => (t <= 0.37 * (ten + 1) - 1 ? wave(0.01, 0.3, 0, 0.37 * (ten + 1) - 1, t) : wave(0.3, 1e-6, 0.37 * (ten + 1) - 1, ten, t)),
  ],
  'oneCycle in three phases': [
    oneCycle({ initValue: 0.01, peakValue: 0.3, endValue: 0.001, totalSteps: 1001, threePhase: true, interpolation: 'linear' }),
    (t) => {
      const top = 0.3 * 1001 - 1
      if (t <= top) return line(0.01, 0.3, 0, top, t)
      return t <= 2 * top ? line(0.3, 0.01, top, 2 * top, t) : line(0.01, 0.001, 2 * top, 1000, t)
    },
  ],
  cosineOneCycle: [
    cosineOneCycle({ transitionSteps: ten, peakValue: 0.3 }),
    (t) => (t < 3 * million ? wave(0.012, 0.3, 0, 3 * million, t) : wave(0.3, 0.3 / 25e4, 3 * million, ten, t)),
  ],
  linearOneCycle: [
    linearOneCycle({ transitionSteps: 1000, peakValue: 0.3, pctStart: 0.2, pctFinal: 0.9, finalDivFactor: 100 }),
    (t) => (t < 200 ? line(0.012, 0.3, 0, 200, t) : t < 900 ? line(0.3, 0.012, 200, 900, t) : line(0.012, 0.00012, 900, 1000, t)),
  ],
  piecewiseConstant: [
    piecewiseConstant({ initValue: 0.3, factors: { 1000: 0.1, [ten]: 0.5, 100: 0.5 } }),
    (t) => (t < 100 ? 0.3 : t < 1000 ? 0.15 : t < ten ? 0.015 : 0.0075),
  ],
  piecewiseInterpolate: [
    piecewiseInterpolate({ initValue: 0.3, factors: { 1000: 0.1, [ten]: 5 } }),
    (t) => (t < 1000 ? line(0.3, 0.03, 0, 1000, t) : line(0.03, 0.15, 1000, ten, t)),
  ],
  'piecewiseInterpolate by cosines': [
    piecewiseInterpolate({ initValue: 0.3, factors: { 1000: 0.1, [ten]: 5 }, interpolation: 'cosine' }),
    (t) => (t < 1000 ? wave(0.3, 0.03, 0, 1000, t) : wave(0.03, 0.15, 1000, ten, t)),
  ],
  join: [
    join([constant(0.5), linear({ initValue: 1, endValue: 0, transitionSteps: ten }), constant(0.2)], [100, ten]),
    (t) => (t < 100 ? 0.5 : t < ten ? (ten - (t - 100)) / ten : 0.2),
  ],
  product: [
    product([
      constant(0.5),
      inverseSquareRoot({ peakValue: 1, timescale: 3 }),
      exponentialDecay({ initValue: 1, transitionSteps: million, decayRate: 0.9 }),
    ]),
    (t) => 0.5 * Math.sqrt(3 / (t + 3)) * 0.9 ** (t / million),
  ],
  sgdr: [
    sgdr([
      { peakValue: 0.3, warmupSteps: 10, totalSteps: 1000 },
      { peakValue: 0.2, warmupSteps: 0, totalSteps: ten },
    ]),
    (t) => (t < 10 ? (0.3 * t) / 10 : t < 1000 ? 0.3 * fall(990, t - 10) : 0.2 * fall(ten, t - 1000)),
  ],
  warmupConstant: [warmupConstant({ peakValue: 0.3, warmupSteps: 1000 }), (t) => 0.3 * bounded(t / 1000)],
  warmupCosineDecay: [
    warmupCosineDecay({ peakValue: 0.3, warmupSteps: 1000, totalSteps: ten + 1 }),
    (t) => (t < 1000 ? (0.3 * t) / 1000 : 0.3 * fall(ten + 1 - 1000, t - 1000)),
  ],
  warmupExponentialDecay: [
    warmupExponentialDecay({ initValue: 0.01, peakValue: 0.3, warmupSteps: 100, transitionSteps: million, decayRate: 0.7 }),
    (t) => (t < 100 ? line(0.01, 0.3, 0, 100, t) : 0.3 * 0.7 ** ((t - 100) / million)),
  ],
  warmupStableDecay: [
    warmupStableDecay({ peakValue: 0.3, warmupSteps: 100, stableSteps: 900, decaySteps: ten, decayShape: 'linear' }),
    (t) => (t < 100 ? (0.3 * t) / 100 : t < 1000 ? 0.3 : (0.3 * (ten - (t - 1000))) / ten),
  ],
  'warmupStableDecay by a cosine': [
    warmupStableDecay({ peakValue: 0.3, endValue: 0.01, warmupSteps: 0, stableSteps: 10, decaySteps: 1000 }),
    (t) => 0.01 + 0.29 * fall(1000, Math.max(t - 10, 0)),
  ],
  'warmupStableDecay by a root': [
    warmupStableDecay({ peakValue: 0.3, warmupSteps: 100, stableSteps: 0, decaySteps: ten - 99, decayShape: 'oneMinusSqrt' }),
    (t) => {
      if (t < 100) return (0.3 * t) / 100
      const steps = ten - 99
      return (0.3 * (steps - (t - 100))) / steps / (1 + Math.sqrt((t - 100) / steps))
    },
  ],
}

const nameOf = (row: string): string => row.split(' ')[0] as string

describe('schedules', () => {
  test('every schedule is in the table', () => {
    expect([...new Set(Object.keys(rows).map(nameOf))].sort()).toEqual(Object.keys(scheduleTable).sort())
  })

  test.each(Object.entries(rows))('%s follows its curve up to ten million steps', (_, [schedule, curve]) => {
    for (const [dtype, tolerance] of [
      ['float32', 1e-6],
      ['float64', 1e-9],
    ] as const)
      for (const step of steps) {
        const [found, wanted] = [toNumber(schedule(asCount(step), dtype)), curve(step)]
        expect(Math.abs(found - wanted), `${dtype}, step ${step}: ${found} for ${wanted}`).toBeLessThanOrEqual(tolerance * Math.abs(wanted))
      }
  })

  test.each(Object.entries(rows))('%s gives a scalar of the wanted dtype', (_, [schedule]) => {
    for (const dtype of ['float32', 'float64'] as const) expect(schedule(asCount(3), dtype)).toMatchObject({ shape: [], dtype })
  })
})
