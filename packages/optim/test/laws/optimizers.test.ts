import { add, evaluate, input, interpret, mul, runGraph, square, sub, sum, tensor, toNumber, topologicalOrder } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { entries, leaves, map, paths } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyUpdates,
  chain,
  clip,
  ema,
  identity,
  masked,
  partition,
  scale,
  scheduleFreeEvalParams,
  sgd,
  multiSteps,
  adam,
} from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import { chainMonoid } from '../../src/monoid.ts'
import { make, optimizers } from './table.ts'

const element = fc.integer({ min: -64, max: 64 }).map((n) => n / 16)
const treeOf = (dtype: 'float32' | 'float64') =>
  fc
    .record({
      w: fc.array(fc.array(element, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 2 }),
      inner: fc.record({ b: fc.array(element, { minLength: 3, maxLength: 3 }), t: element }),
    })
    .map(({ w, inner }) => ({ w: tensor(w, { dtype }), inner: { b: tensor(inner.b, { dtype }), t: tensor(inner.t, { dtype }) } }))

const data = (tree: Tree<Tensor>): [string, number[]][] =>
  entries(evaluate(tree) as Tree<Tensor>).map(([path, leaf]) => [path, Array.from((leaf as Constant).attributes.data, Number)])

type Stepped = { readonly updates: Tree<Tensor>; readonly state: Tree<Tensor> }

const stepOf = (rule: GradientTransformation, updates: Tree<Tensor>, state: Tree<Tensor>, params: Tree<Tensor>, value = 1): Stepped => {
  const dtype = (leaves(params)[0] as Tensor).dtype
  const [next, after] = rule.update(updates, state, { params, value: tensor(value, { dtype }) })
  return evaluate({ updates: next, state: after }) as unknown as Stepped
}

const afterSteps = (rule: GradientTransformation, params: Tree<Tensor>, gradients: readonly Tree<Tensor>[]): unknown => {
  let state: Tree<Tensor> = evaluate(rule.init(params))
  return gradients.map((gradient) => {
    const step = stepOf(rule, gradient, state, params)
    state = step.state
    return data(step.updates)
  })
}

describe.each(optimizers.map((row) => [row[0], row] as const))('%s', (_, row) => {
  test('is pure, keeps shapes, dtypes and the structure of its state', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('float32' as const, 'float64' as const).chain((dtype) => fc.tuple(treeOf(dtype), treeOf(dtype))),
        ([params, gradient]) => {
          const rule = make(row)
          const before = [data(params), data(gradient)]
          const state = evaluate(rule.init(params)) as Tree<Tensor>
          const first = stepOf(rule, gradient, state, params)
          const again = stepOf(make(row), gradient, evaluate(make(row).init(params)) as Tree<Tensor>, params)
          expect(data(again.updates)).toEqual(data(first.updates))
          expect([data(params), data(gradient)]).toEqual(before)
          map((u: Tensor, p: Tensor) => expect([u.shape, u.dtype]).toEqual([p.shape, p.dtype]), first.updates, params as Tree<Tensor>)
          expect(paths(first.state)).toEqual(paths(state))
          map((a: Tensor, b: Tensor) => expect([a.shape, a.dtype]).toEqual([b.shape, b.dtype]), first.state, state)
        },
      ),
      { numRuns: 3 },
    )
  })

  test('masked with an all-true mask and partition with one label equal it', () => {
    fc.assert(
      fc.property(treeOf('float64'), treeOf('float64'), (params, gradient) => {
        const plain = afterSteps(make(row), params, [gradient, gradient])
        expect(
          afterSteps(
            masked(make(row), () => true),
            params,
            [gradient, gradient],
          ),
        ).toEqual(plain)
        expect(
          afterSteps(partition({ all: make(row) }, () => 'all') as unknown as GradientTransformation, params, [gradient, gradient]),
        ).toEqual(plain)
      }),
      { numRuns: 2 },
    )
  })

  test('goes down a parabola', () => {
    const rule = make(row)
    const target = { w: tensor([[1, -1]], { dtype: 'float64' }), b: tensor([0.5, -0.5], { dtype: 'float64' }) }
    const loss = (p: Tree<Tensor>): Tensor =>
      leaves(map((x: Tensor, y: Tensor) => sum(square(sub(x, y))), p, target as Tree<Tensor>)).reduce((a, b) => add(a, b))
    const start = { w: tensor([[0.2, 0.3]], { dtype: 'float64' }), b: tensor([0.1, 0.2], { dtype: 'float64' }) }
    let params: Tree<Tensor> = start
    let state = evaluate(rule.init(params)) as Tree<Tensor>
    const run = interpret((p: Tree<Tensor>, s: Tree<Tensor>) => {
      const gradient = map((x: Tensor, y: Tensor) => mul(sub(x, y), 2), p, target as Tree<Tensor>)
      const [updates, next] = rule.update(gradient, s, { params: p, value: loss(p) })
      return { params: applyUpdates(p, updates), state: next }
    })
    for (let i = 0; i < row[2]; i++) ({ params, state } = run(params, state) as unknown as { params: Tree<Tensor>; state: Tree<Tensor> })
    const reached = row[0].startsWith('scheduleFree') ? scheduleFreeEvalParams(state as never, params) : params
    expect(toNumber(loss(reached))).toBeLessThan(0.6 * toNumber(loss(start)))
  })
})

describe('laws of composition', () => {
  const parts = fc.constantFrom<GradientTransformation>(
    clip(1) as GradientTransformation,
    scale(-0.5) as GradientTransformation,
    ema(0.5) as GradientTransformation,
    adam({ learningRate: 0.1 }) as unknown as GradientTransformation,
  )

  test('chain is associative on updates, with identity as its unit', () => {
    fc.assert(
      fc.property(parts, parts, parts, treeOf('float64'), treeOf('float64'), (a, b, c, params, gradient) => {
        const { concat, empty } = chainMonoid
        const flat = afterSteps(chain(a, b, c) as unknown as GradientTransformation, params, [gradient, gradient])
        expect(afterSteps(concat(concat(a, b), c), params, [gradient, gradient])).toEqual(flat)
        expect(afterSteps(concat(a, concat(b, c)), params, [gradient, gradient])).toEqual(flat)
        expect(afterSteps(concat(empty, a), params, [gradient])).toEqual(afterSteps(a, params, [gradient]))
        expect(afterSteps(concat(a, identity() as GradientTransformation), params, [gradient])).toEqual(afterSteps(a, params, [gradient]))
      }),
      { numRuns: 20 },
    )
  })

  test('accumulating micro-batches by weight equals one step on the weighted mean', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(treeOf('float64'), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 4 }),
        treeOf('float64'),
        (micro, params) => {
          const total = micro.reduce((n, [, weight]) => n + weight, 0)
          const mean = micro
            .map(([g, weight]) => map((x: Tensor) => mul(x, weight / total), g as Tree<Tensor>))
            .reduce((a, b) => map((x: Tensor, y: Tensor) => add(x, y), a, b))
          const rule = multiSteps(sgd({ learningRate: 0.5 }), { every: micro.length }) as unknown as GradientTransformation
          let state = evaluate(rule.init(params)) as Tree<Tensor>
          let updates: Tree<Tensor> = null
          for (const [gradient, weight] of micro) {
            const [next, after] = rule.update(gradient, state, { weight: tensor(weight, { dtype: 'float64' }) })
            state = evaluate(after) as Tree<Tensor>
            updates = next
          }
          const found = data(updates).flatMap(([, values]) => values)
          const wanted = data(stepOf(sgd({ learningRate: 0.5 }) as unknown as GradientTransformation, mean, [null, null], params).updates)
          wanted.flatMap(([, values]) => values).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 10))
        },
      ),
      { numRuns: 20 },
    )
  })

  test('the graph of a second step is the graph of the first', () => {
    const size = (rule: GradientTransformation): readonly number[] => {
      const p = { w: input('w', [2, 3]) as Tensor }
      const g = { w: input('g', [2, 3]) as Tensor }
      const count = (state: Tree<Tensor>) => {
        const [updates, next] = rule.update(g, state, { params: p, value: input('value', []) })
        return topologicalOrder([...leaves(updates), ...leaves(next)]).length
      }
      const state = map((leaf: Tensor) => input('s', leaf.shape, leaf.dtype) as Tensor, rule.init(p))
      return [count(state), count(state)]
    }
    for (const row of optimizers) {
      const [first, second] = size(make(row))
      expect(second).toBe(first)
    }
    expect(typeof runGraph).toBe('function')
  })
})
