import { constantOf, evaluate, foldIn, key, ones, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves, paths } from '@grad-ts/tree'
import { describe, expect, test } from 'vitest'
import { dense, flatten, lambda, relu, sequential, statefulLayer, statelessLayer } from '@grad-ts/nn'

describe('sequential', () => {
  test('names parameters by position or by key', () => {
    expect(paths(sequential(flatten(), dense({ in: 4, out: 3 }), relu, dense({ in: 3, out: 2, useBias: false })).init(key(0)))).toEqual([
      '1.bias',
      '1.kernel',
      '3.kernel',
    ])
    expect(paths(sequential({ hidden: dense({ in: 4, out: 3 }), relu }).init(key(0)))).toEqual(['hidden.bias', 'hidden.kernel'])
  })

  test('knows the types of its parameters', () => {
    const model = sequential(dense({ in: 4, out: 3 }), relu)
    const params = model.init(key(0))
    expect(params[0].kernel.shape).toEqual([4, 3])
    const named = sequential({ hidden: dense({ in: 4, out: 3 }), relu }).init(key(0))
    expect(named.hidden.kernel.shape).toEqual([4, 3])
    expect(params[1]).toBeNull()
  })

  test('gives layers keys of their own', () => {
    const drawn: Constant[] = []
    const spy = statelessLayer<null>({
      name: 'spy',
      init: () => null,
      apply: (_, x, { key: own }) => {
        drawn.push(evaluate(own ?? constantOf(new Int32Array(2), [2], 'int32')) as Constant)
        return x
      },
    })
    sequential(spy, sequential(spy, spy)).apply([null, [null, null]], ones([1, 1]), { key: foldIn(key(0), 1) })
    expect(new Set(drawn.map((value) => String(toArray(value)))).size).toBe(3)
  })

  test('threads state and leaves it alone in apply', () => {
    const counter = statefulLayer<null, { readonly count: Constant }>({
      name: 'counter',
      init: () => null,
      initState: () => ({ count: constantOf(Int32Array.of(0), [], 'int32') }),
      applyWithState: (_, { count }, x) => [x, { count: constantOf(Int32Array.of((toArray(count) as number) + 1), [], 'int32') }],
    })
    const model = sequential({ first: counter, between: lambda(relu), second: counter })
    const params = model.init(key(0))
    const [, once] = model.applyWithState(params, model.initState(), ones([1]))
    const [, twice] = model.applyWithState(params, once, ones([1]))
    expect(leaves<Tensor>(twice).map((leaf) => toArray(leaf))).toEqual([2, 2])
    expect(leaves<Tensor>(model.initState()).map((leaf) => toArray(leaf))).toEqual([0, 0])
    expect(toArray(model.apply(params, ones([1]), { state: once }))).toEqual([1])
  })
})
