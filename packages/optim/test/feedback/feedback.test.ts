import { evaluate, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyUpdates,
  constant,
  decayByAverageLoss,
  exponentialDecay,
  greedyScale,
  identity,
  reduceOnPlateau,
  resetOnSaturation,
  trace,
} from '../../src/index.ts'
import type { GradientTransformation, SignalOptions } from '../../src/index.ts'

/** The updates of a rule for a gradient of 1 and each loss in turn; the parameters follow. */
const updatesFor = (rule: GradientTransformation, losses: readonly number[]): { updates: number[]; params: number[] } => {
  let params: Tree<Tensor> = tensor([0], { dtype: 'float64' })
  let state: Tree<Tensor> = evaluate(rule.init(params))
  const found = { updates: [] as number[], params: [] as number[] }
  for (const loss of losses) {
    const [updates, next] = rule.update(tensor([1], { dtype: 'float64' }), state, { params, value: tensor(loss, { dtype: 'float64' }) })
    const after = evaluate({ updates, next, params: applyUpdates(params, updates) }) as Record<string, Tree<Tensor>>
    ;({ params, next: state } = after as { params: Tree<Tensor>; next: Tree<Tensor> })
    found.updates.push((toArray(after['updates'] as Tensor) as number[])[0] as number)
    found.params.push((toArray(params as Tensor) as number[])[0] as number)
  }
  return found
}

const plateau = (options: SignalOptions & { readonly factor?: number; readonly minScale?: number; readonly minChange?: number }) =>
  reduceOnPlateau(options) as GradientTransformation

const flat = (steps: number): number[] => Array.from({ length: steps }, () => 1)

/** The scale after each value, counted as the docs of the options say, without tensors. */
const scalesOf = (options: Required<SignalOptions> & { readonly factor: number }, losses: readonly number[]): number[] => {
  const sign = options.mode === 'min' ? 1 : -1
  let [best, bad, cooldown, scale] = [Infinity * sign, 0, 0, 1]
  let held: number[] = []
  return losses.map((loss) => {
    held.push(loss)
    if (held.length < options.window) return scale
    const average = held.reduce((a, b) => a + b) / held.length
    held = []
    const limit = best * (1 - sign * options.rtol) - sign * options.atol
    const improved = sign * average < sign * limit
    if (improved) [best, bad] = [average, 0]
    else bad++
    if (cooldown > 0) [cooldown, bad] = [cooldown - 1, 0]
    else if (bad >= options.patience) [scale, cooldown, bad] = [scale * options.factor, options.cooldown, 0]
    return scale
  })
}

describe('the signal', () => {
  test('saturates with the patience-th window that does not improve; the first one sets the best', () => {
    expect(updatesFor(plateau({ patience: 2, factor: 0.5 }), flat(6)).updates).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25])
  })

  test('rests while it cools down', () => {
    expect(updatesFor(plateau({ patience: 1, factor: 0.5, cooldown: 2 }), flat(6)).updates).toEqual([1, 0.5, 0.5, 0.5, 0.25, 0.25])
  })

  test('judges averages of a window', () => {
    const noisy = [1, 3, 3, 1, 0, 0, 2, 0]
    expect(updatesFor(plateau({ patience: 1, factor: 0.5, window: 2 }), noisy).updates).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25])
  })

  test('counts as documented for any options', () => {
    const options = fc.record({
      mode: fc.constantFrom('min' as const, 'max' as const),
      patience: fc.integer({ min: 1, max: 4 }),
      rtol: fc.constantFrom(0, 1e-4, 0.25),
      atol: fc.constantFrom(0, 0.5),
      cooldown: fc.integer({ min: 0, max: 3 }),
      window: fc.integer({ min: 1, max: 3 }),
      factor: fc.constantFrom(0.5, 0.1),
    })
    const losses = fc.array(
      fc.integer({ min: 1, max: 32 }).map((n) => n / 4),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(options, losses, (chosen, values) => {
        const found = updatesFor(plateau(chosen), values).updates
        scalesOf(chosen, values).forEach((scale, i) => expect(found[i]).toBeCloseTo(scale, 12))
      }),
      { numRuns: 60 },
    )
  })
})

describe('reduceOnPlateau', () => {
  test('stops at the smallest scale and leaves out changes that are too small', () => {
    expect(updatesFor(plateau({ patience: 1, factor: 0.1, minScale: 0.05 }), flat(4)).updates).toEqual([1, 0.1, 0.05, 0.05])
    expect(updatesFor(plateau({ patience: 1, factor: 0.5, minChange: 0.3 }), flat(4)).updates).toEqual([1, 0.5, 0.5, 0.5])
  })
})

describe('decayByAverageLoss', () => {
  test('shrinks whenever an average is not better than the best', () => {
    const rule = decayByAverageLoss({ window: 2 }) as GradientTransformation
    expect(updatesFor(rule, [4, 2, 3, 3, 1, 1, 5, 5]).updates).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25])
  })
})

describe('greedyScale', () => {
  const rule = (options: Parameters<typeof greedyScale>[0]) => greedyScale(options) as GradientTransformation

  test('raises while the loss improves and lowers when it stops', () => {
    const { updates } = updatesFor(rule({ factor: 0.5, raisePatience: 2, patience: 2 }), [8, 7, 6, 5, 5, 5, 4])
    expect(updates).toEqual([1, 2, 2, 4, 4, 2, 2])
  })

  test('stays within its bounds', () => {
    const falling = Array.from({ length: 8 }, (_, i) => 8 - i)
    expect(Math.max(...updatesFor(rule({ factor: 0.5, raisePatience: 1, maxScale: 4 }), falling).updates)).toBe(4)
    expect(Math.min(...updatesFor(rule({ factor: 0.5, patience: 1, minScale: 0.25 }), flat(8)).updates)).toBe(0.25)
  })
})

describe('resetOnSaturation', () => {
  const learningRate = exponentialDecay({ initValue: 1, transitionSteps: 1, decayRate: 0.5 })
  const reset = (inner: GradientTransformation, options: Omit<Parameters<typeof resetOnSaturation>[1], 'learningRate'>) =>
    resetOnSaturation(inner, { learningRate, patience: 2, ...options }) as GradientTransformation

  test('takes the learning rate back to its start, and its schedule with it', () => {
    const { updates } = updatesFor(reset(identity() as GradientTransformation, {}), flat(7))
    expect(updates).toEqual([-1, -0.5, -1, -0.5, -1, -0.5, -1])
  })

  test('keeps the moments or starts them again', () => {
    const rule = (moments: boolean) =>
      resetOnSaturation(trace(0.5), { learningRate: constant(1), patience: 2, moments }) as unknown as GradientTransformation
    expect(updatesFor(rule(false), flat(3)).updates).toEqual([-1, -1.5, -1.75])
    expect(updatesFor(rule(true), flat(3)).updates).toEqual([-1, -1.5, -1])
  })

  test('keeps the parameters or takes them back to the best', () => {
    const losses = [4, 3, 5, 5]
    const kept = updatesFor(reset(identity() as GradientTransformation, {}), losses).params
    const back = updatesFor(reset(identity() as GradientTransformation, { params: 'best' }), losses).params
    expect(kept.slice(0, 3)).toEqual(back.slice(0, 3))
    // The second loss, the best one, was measured after one step of 1.
    expect(back.at(-1)).toBe(-1)
    expect(kept.at(-1)).not.toBe(-1)
  })

  test('counts its resets', () => {
    const rule = resetOnSaturation(identity(), { learningRate, patience: 1 })
    const params = tensor([0])
    const step = (state: ReturnType<typeof rule.init>) => rule.update(tensor([1]), state, { params, value: tensor(1) })[1]
    expect(toNumber(step(step(step(rule.init(params)))).resets)).toBe(2)
  })
})
