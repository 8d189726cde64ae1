import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { evaluate, mul, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  dynamicLossScale,
  lossScaleOf,
  lossScalingOf,
  multiSteps,
  sgd,
  SpecError,
  staticLossScale,
} from '../src/index.ts'
import { decodeOrThrow, encodeOrThrow } from '../src/specs/index.ts'

interface Recorded {
  readonly learningRate: number
  readonly momentum: number
  readonly cases: readonly {
    readonly options: {
      readonly init_scale: number
      readonly growth_factor: number
      readonly backoff_factor: number
      readonly growth_interval: number
    }
    readonly steps: readonly { readonly gradient: 'finite' | 'inf' | '-inf' | 'nan'; readonly scale: number; readonly params: number[] }[]
  }[]
}

// Written by golden/torch/make_loss_scale.py with PyTorch 2.13.
const recorded = JSON.parse(readFileSync(new URL('golden/torch/loss-scale.json', import.meta.url), 'utf8')) as Recorded

const spoilt = { finite: 0.5, inf: Infinity, '-inf': -Infinity, nan: NaN } as const

describe('the scale goes as that of PyTorch, and so do the updates that are left out', () => {
  test.each(recorded.cases.map((one) => [JSON.stringify(one.options), one] as const))('%s', (_, { options, steps }) => {
    const { learningRate, momentum } = recorded
    const solver = dynamicLossScale(sgd({ learningRate, momentum, dialect: 'torch' }), {
      initialScale: options.init_scale,
      growthFactor: options.growth_factor,
      backoffFactor: options.backoff_factor,
      growthInterval: options.growth_interval,
      minScale: 2 ** -60,
      maxScale: 2 ** 60,
    })
    let params: Tree<Tensor> = tensor([1, -1])
    let state = solver.init(params)
    for (const { gradient, scale, params: expected } of steps) {
      const scaled = mul(tensor([0.5, spoilt[gradient]]), lossScaleOf(state))
      const [updates, next] = solver.update(scaled, state, { params })
      params = evaluate(applyUpdates(params, updates))
      state = evaluate(next) as typeof state
      expect(toNumber(state.lossScale)).toBe(scale)
      expect(toArray(params as Tensor)).toEqual(expected)
    }
    const left = steps.filter(({ gradient }) => gradient !== 'finite').length
    expect(toNumber(state.skipped)).toBe(left)
  })
})

const after = (
  solver: ReturnType<typeof dynamicLossScale>,
  gradients: readonly number[],
): { readonly scales: number[]; readonly goodSteps: number } => {
  let state = solver.init(tensor([0]))
  const scales = gradients.map((gradient) => {
    state = evaluate(solver.update(tensor([gradient]), state)[1]) as typeof state
    return toNumber(state.lossScale)
  })
  return { scales, goodSteps: toNumber(state.goodSteps) }
}

test('the scale stays within its bounds', () => {
  const options = { initialScale: 4, growthInterval: 1, minScale: 2, maxScale: 10 }
  const solver = dynamicLossScale(sgd({ learningRate: 1 }), options) as ReturnType<typeof dynamicLossScale>
  expect(after(solver, [1, 1, 1, Infinity, Infinity, NaN, NaN]).scales).toEqual([8, 10, 10, 5, 2.5, 2, 2])
})

test('an overflow begins the count anew', () => {
  const solver = dynamicLossScale(sgd({ learningRate: 1 }), { initialScale: 4, growthInterval: 3 }) as ReturnType<typeof dynamicLossScale>
  expect(after(solver, [1, 1, Infinity, 1, 1])).toEqual({ scales: [4, 4, 2, 2, 2], goodSteps: 2 })
})

test('float16 gradients are divided in float32, float64 ones in float64', () => {
  const solver = staticLossScale(sgd({ learningRate: 1 }), 2 ** 17)
  const divided = (dtype: 'float16' | 'float64', gradient: number): unknown => {
    const params = tensor([0], { dtype })
    return toArray(solver.update(tensor([gradient], { dtype }), solver.init(params))[0] as Tensor)
  }
  expect(divided('float16', 2 ** 15)).toEqual([-0.25])
  expect(divided('float64', (1 + 2 ** -40) * 2 ** 17)).toEqual([-1 - 2 ** -40])
})

test('what is inside sees the true gradient: clipping too', () => {
  const inner = chain(clipByGlobalNorm(1), sgd({ learningRate: 1 }))
  const solver = dynamicLossScale(inner, { initialScale: 1024 })
  const [updates] = solver.update(tensor([0.5 * 1024]), solver.init(tensor([0])))
  expect(toArray(updates as Tensor)).toEqual([-0.5])
})

test('the scale is found however deep it lies, and is 1 where there is none', () => {
  const params = { w: tensor([1]) }
  const deep = chain(multiSteps(dynamicLossScale(adam({ learningRate: 0.1 }), { initialScale: 8 }), { every: 2 }))
  expect(toNumber(lossScaleOf(deep.init(params) as Tree<Tensor>))).toBe(8)
  expect(toNumber(lossScaleOf(adam({ learningRate: 0.1 }).init(params) as Tree<Tensor>))).toBe(1)
  expect(lossScalingOf(null)).toBeNull()
  expect(lossScalingOf(staticLossScale(sgd({ learningRate: 1 }), 4).init(params) as Tree<Tensor>)).not.toHaveProperty('skipped')
})

test('specs round-trip, and bad ones are answered with their path', () => {
  const spec = { dynamicLossScale: { inner: { adam: { learningRate: 0.1 } }, initialScale: 4096 } }
  expect(encodeOrThrow(decodeOrThrow(spec))).toEqual(spec)
  const bad = (options: object): string => {
    try {
      decodeOrThrow({ chain: [{ dynamicLossScale: { inner: { sgd: { learningRate: 1 } }, ...options } }] } as never)
      return 'nothing was thrown'
    } catch (error) {
      return error instanceof SpecError ? error.message : String(error)
    }
  }
  expect(bad({ backoffFactor: 1.5 })).toMatchInlineSnapshot(
    `"chain[0].dynamicLossScale.backoffFactor: expected a number in (0, 1), got 1.5"`,
  )
  expect(bad({ initialScale: 2 ** 30 })).toMatchInlineSnapshot(
    `"chain[0].dynamicLossScale.initialScale: expected a number from minScale 1 to maxScale 16777216, got 1073741824"`,
  )
})
