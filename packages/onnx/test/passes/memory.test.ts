import { describe, expect, test } from 'vitest'
import { checkpoint, valueAndGrad } from '@grad-ts/autodiff'
import { estimateMemory, explainGraph, optimizeGraph, planMemory } from '@grad-ts/onnx'
import * as t from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'

type Params = readonly Tensor[]
type Loss = (params: Params, x: Tensor) => Tensor

interface Model {
  readonly loss: Loss
  readonly params: readonly Constant[]
  readonly x: Constant
}

const random = (seed: number, shape: readonly number[]): Constant => t.evaluate(t.mul(t.normal(t.key(seed), shape), 0.3)) as Constant

const layers = (count: number, shape: readonly number[]): readonly Constant[] => Array.from({ length: count }, (_, i) => random(i, shape))

const dense = (x: Tensor, w: Tensor): Tensor => t.tanh(t.add(t.matmul(x, w), 0.1))

const attend = (x: Tensor, w: Tensor, i: number): Tensor => {
  const normal = t.div(t.sub(x, t.mean(x, { axes: [-1], keepDims: true })), 2)
  const scores = t.softmax(t.matmul(normal, t.swapAxes(t.matmul(normal, w), -1, -2)))
  const kept = t.dropout(t.key(i), t.matmul(scores, normal), 0.2)
  return t.add(x, t.mul(kept, t.sigmoid(kept)))
}

const convolve = (x: Tensor, w: Tensor): Tensor => t.relu(t.conv(x, w, { padding: 'same' }))

/** The same loss over parts of the batch, one after the other. */
const inParts =
  (loss: Loss): Loss =>
  (params, x) =>
    [0, 1, 2].map((i) => loss(params, t.sliceAxis(x, 0, { start: 16 * i, end: 16 * (i + 1) }))).reduce((total, part) => t.add(total, part))

const deep =
  (apply: (x: Tensor, w: Tensor, i: number) => Tensor): Loss =>
  (params, x) =>
    t.mean(t.square(params.reduce((y, w, i) => apply(y, w, i), x)))

const models: Readonly<Record<string, Model>> = {
  'a deep perceptron': { loss: deep(dense), params: layers(12, [8, 8]), x: random(100, [64, 8]) },
  'blocks of attention with dropout': { loss: deep(attend), params: layers(6, [8, 8]), x: random(100, [4, 8, 8]) },
  'micro-batches one after the other': { loss: inParts(deep(dense)), params: layers(8, [8, 8]), x: random(100, [48, 8]) },
  convolutions: { loss: deep(convolve), params: layers(4, [3, 3, 3, 3]), x: random(100, [2, 3, 12, 12]) },
}

const graphOf = ({ loss, params, x }: Model): Graph =>
  optimizeGraph(t.trace((p: Params, given: Tensor) => valueAndGrad(loss)(p, given), [params, x]) as unknown as Graph)

const run = (graph: Graph, { params, x }: Model): Constant[] => leaves<Constant>(t.runGraph(graph as never, [params, x] as never))

const shares = [1, 0.9, 0.75, 0.6, 0.5, 0.4, 0.3, 0.1]

describe.each(Object.entries(models))('%s', (_, model) => {
  const graph = graphOf(model)
  const plain = estimateMemory(graph)
  const plans = shares.map((share) => planMemory(graph, { budget: plain * share }))
  const least = Math.min(...plans.map(({ peakBytes }) => peakBytes))

  test('the numbers stay the same to the bit', () => {
    const expected = run(graph, model).map(({ attributes }) => attributes.data)
    for (const plan of [...plans, planMemory(graph, { budget: 'auto' }), planMemory(graph)])
      expect(run(plan.graph, model).map(({ attributes }) => attributes.data)).toEqual(expected)
  })

  test('the peak is within every budget that can be met, and as small as it gets for others', () => {
    plans.forEach(({ peakBytes }, i) => expect(peakBytes).toBeLessThanOrEqual(Math.max(least, plain * (shares[i] as number))))
    expect(plans.at(-1)?.peakBytes).toBe(least)
  })

  test('the written graph takes what was planned', () => {
    for (const { graph: held, peakBytes } of plans) expect(estimateMemory(held)).toBe(peakBytes)
  })

  test('a smaller budget never costs less, and no budget costs nothing', () => {
    const work = plans.map((plan) => plan.work)
    expect(work).toEqual(work.toSorted((a, b) => a - b))
    expect(work[0]).toBe(1)
    expect(planMemory(graph, { budget: 'auto' }).work).toBeLessThanOrEqual(1.3)
  })

  test('what is computed again is not merged with the first computation', () => {
    for (const { graph: held, recomputed } of plans) {
      const ops = (of: Graph): number =>
        t.topologicalOrder(leaves<Tensor>(of.outputs)).filter(({ op }) => op === 'matmul' || op === 'conv').length
      const repeated = recomputed.filter(({ op }) => op === 'matmul' || op === 'conv').length
      expect(ops(optimizeGraph(held))).toBe(ops(graph) + repeated)
    }
  })

  test('the same graph gets the same plan', () => {
    expect(explainGraph(planMemory(graph, { budget: least }).graph)).toBe(explainGraph(planMemory(graph, { budget: least }).graph))
  })
})

const peakOf = (name: string, budget: number | 'auto'): number => planMemory(graphOf(models[name] as Model), { budget }).peakBytes

test('deep models fit into half the memory', () => {
  for (const name of ['a deep perceptron', 'blocks of attention with dropout', 'micro-batches one after the other'])
    expect(peakOf(name, 'auto')).toBeLessThan(peakOf(name, Infinity) * 0.6)
})

test('the order of a graph with checkpoints is fixed, so that they have their effect', () => {
  const block = checkpoint((x: Tensor, w: readonly Tensor[]) => w.reduce(dense, x))
  const loss: Loss = (params, x) => {
    const parts = [0, 4, 8].map((i) => params.slice(i, i + 4))
    return t.mean(t.square(parts.reduce((y, w) => block(y, w), x)))
  }
  const model: Model = { ...(models['a deep perceptron'] as Model), loss }
  const plan = planMemory(graphOf(model))
  expect(plan).toMatchObject({ recomputed: [], work: 1 })
  expect(estimateMemory(plan.graph, 'cpu')).toBeLessThan(peakOf('a deep perceptron', Infinity) * 0.75)
})

test('results that alias, overwrite and are given are not counted twice', () => {
  const x = t.input('x', [256])
  const bytes = (output: Tensor): number => estimateMemory({ inputs: [x], outputs: [output] })
  expect(bytes(t.neg(x))).toBe(1024)
  expect(bytes(t.exp(t.neg(x)))).toBe(1024)
  expect(bytes(t.reshape(t.exp(x), [16, 16]))).toBe(1024)
  expect(bytes(t.mul(t.exp(x), t.sin(x)))).toBe(2048)
  expect(bytes(t.cast(t.neg(x), 'int32'))).toBe(2048)
})
