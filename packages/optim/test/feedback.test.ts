import { evaluate, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { describe, expect, test } from 'vitest'
import {
  exponentialDecay,
  greedyScale,
  guardNonFinite,
  nonFiniteError,
  reduceOnPlateau,
  resetOnSaturation,
  scaleByAdam,
  sgd,
} from '../src/index.ts'
import type { GradientTransformation, NonFinitePolicy } from '../src/index.ts'

type State = Readonly<Record<string, Tree<Tensor>>>
type Call = { readonly gradient?: readonly number[]; readonly params?: readonly number[]; readonly value?: number }

const run = (rule: unknown, calls: readonly Call[]): { readonly updates: unknown[]; readonly states: State[] } => {
  const { init, update } = rule as GradientTransformation
  let state = evaluate(init(tensor([0, 0]))) as Tree<Tensor>
  const updates: unknown[] = []
  const states: State[] = []
  for (const { gradient = [1, 1], params = [0, 0], value = 1 } of calls) {
    const [next, after] = update(tensor(gradient), state, { params: tensor(params), value: tensor(value) })
    state = evaluate(after) as Tree<Tensor>
    updates.push(toArray(next as Tensor))
    states.push(state as State)
  }
  return { updates, states }
}

const scales = (rule: unknown, values: readonly number[]): number[] =>
  run(
    rule,
    values.map((value) => ({ value })),
  ).updates.map((update) => (update as number[])[0] as number)

describe('loss feedback', () => {
  test('a plateau shrinks the scale with the patience-th bad value, not in the cooldown', () => {
    expect(scales(reduceOnPlateau({ factor: 0.5, patience: 2 }), [1, 1, 1, 1, 1, 1])).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25])
    expect(scales(reduceOnPlateau({ factor: 0.5, patience: 1, cooldown: 2 }), [1, 1, 1, 1, 1])).toEqual([1, 0.5, 0.5, 0.5, 0.25])
  })

  test('mode max judges scores, the window averages', () => {
    expect(scales(reduceOnPlateau({ factor: 0.5, patience: 1, mode: 'max' }), [1, 2, 3, 3])).toEqual([1, 1, 1, 0.5])
    expect(scales(reduceOnPlateau({ factor: 0.5, patience: 1, window: 2 }), [1, 3, 2, 2, 0, 0])).toEqual([1, 1, 1, 0.5, 0.5, 0.5])
  })

  test('greedy scaling raises while the loss falls and lowers when it stops', () => {
    expect(scales(greedyScale({ factor: 0.5, raisePatience: 2, patience: 2 }), [5, 4, 3, 3, 3])).toEqual([1, 2, 2, 2, 1])
  })

  test('saturation takes the learning rate back to its start, and on request moments and parameters', () => {
    const learningRate = exponentialDecay({ initValue: 1, transitionSteps: 1, decayRate: 0.5 })
    const rule = resetOnSaturation(scaleByAdam(), { learningRate, patience: 2, moments: true, params: 'best' })
    const calls = [
      { params: [1, 1], value: 1 },
      { params: [2, 2], value: 3 },
      { params: [3, 3], value: 3 },
      { params: [1, 1], value: 3 },
    ]
    const { updates, states } = run(rule, calls)
    expect(updates[2]).toEqual([-2, -2])
    expect(states.map(({ learningRate: rate }) => toNumber(rate as Tensor))).toEqual([1, 0.5, 1, 0.5])
    expect(states.map(({ resets }) => toNumber(resets as Tensor))).toEqual([0, 0, 1, 1])
    expect(toNumber((states[2] as { inner: { count: Tensor } }).inner.count)).toBe(0)
  })
})

describe('non-finite gradients', () => {
  const bad = { gradient: [Number.NaN, 1] }
  const guarded = (policy: NonFinitePolicy) => guardNonFinite(sgd({ learningRate: 1 }), policy)

  test('skip leaves everything as it is and fails after its limit, for good', () => {
    const { updates, states } = run(guarded({ policy: 'skip', limit: 1 }), [{}, bad, {}, bad, bad, {}])
    expect(updates).toEqual([
      [-1, -1],
      [0, 0],
      [-1, -1],
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    expect(nonFiniteError(states[3] as never)).toBeUndefined()
    expect(nonFiniteError(states[4] as never)?.message).toMatchInlineSnapshot(
      `"gradient of '': expected finite numbers, got NaN or infinities in 2 steps in a row; lower the learning rate, clip the gradients or look for a division by zero in the loss"`,
    )
  })

  test('zero and clip repair single elements', () => {
    expect(run(guarded({ policy: 'zero' }), [bad]).updates).toEqual([[-0, -1]])
    expect(run(guarded({ policy: 'clip', bound: 3 }), [{ gradient: [Infinity, Number.NaN] }]).updates).toEqual([[-3, -0]])
  })

  test('roll back returns to the last parameters with a finite gradient and steps more carefully', () => {
    const { updates } = run(guarded({ policy: 'rollBack', limit: 5, factor: 0.5 }), [
      { params: [1, 1] },
      { params: [4, 5], ...bad },
      { params: [1, 1] },
    ])
    expect(updates).toEqual([
      [-1, -1],
      [-3, -4],
      [-0.5, -0.5],
    ])
  })
})
