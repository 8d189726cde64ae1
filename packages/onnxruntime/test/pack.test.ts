import { expect, test } from 'vitest'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { adamw } from '@grad-ts/optim'
import { add, evaluate, mul, normal, key, runGraph, scalar, sum, tensor, topologicalOrder, trace, zeros } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { applyUpdates } from '@grad-ts/optim'
import type { StepGraph } from '@grad-ts/onnx'
import { packStep } from '../src/step/pack.ts'
import { packedExecutor, packState } from '../src/step/packed-executor.ts'
import { flatStep } from '../src/step/plan.ts'
import { updateChains } from '../src/wasm/chains.ts'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'

const flatOf = (
  fn: (state: never, batch: never) => readonly [Tree<Tensor>, Tree<Tensor>],
  state: Tree<Tensor>,
  batch: Tree<Tensor>,
): StepGraph => flatStep(trace(fn as never, [state, batch] as never) as unknown as StepGraph)

const packOf = (graph: StepGraph) => packStep(graph, updateChains(graph).chains)

const run = (graph: StepGraph, state: readonly Constant[], batch: Tree<Tensor>): readonly [readonly Constant[], readonly Constant[]] =>
  runGraph(graph as Graph, [state, leaves<Tensor>(batch)]) as never

test('a packed step gives the numbers of the step, and its state unpacks to the same leaves', async () => {
  const graph = flatOf(step as never, initialState() as never, batchOf(0))
  const packed = packOf(graph)!
  const initial = leaves<Constant>(initialState() as never)
  const [next, outputs] = run(graph, initial, batchOf(0))
  const [stored, same] = run(packed.graph, packState(packed.layout, initial), batchOf(0))
  const executor = packedExecutor({ read: async () => stored } as never, packed.layout, initial)
  expectAgreement(same, outputs, 0)
  expectAgreement(await executor.read(), next, 0)
})

test('all leaves of a model with one optimizer make one pack for parameters and one for each moment', () => {
  const packed = packOf(flatOf(step as never, initialState() as never, batchOf(0)))!
  expect(packed.layout.packs.map((pack) => pack.lengths)).toEqual(Array.from({ length: 3 }, () => [8, 48, 3, 24]))
  expect(packed.layout.single.length).toBe(leaves(initialState() as never).length - 12)
})

test('packing removes the updates of all leaves but one', () => {
  const graph = flatOf(step as never, initialState() as never, batchOf(0))
  const roots = (of: StepGraph): number => topologicalOrder(leaves<Tensor>(of.outputs as never)).filter(({ op }) => op === 'sqrt').length
  // Four in Adam and one in the norm of the gradients.
  expect([roots(graph), roots(packOf(graph)!.graph)]).toEqual([5, 2])
})

test('leaves with another update are packed by themselves', () => {
  const params = { a: tensor([1, 2]), b: tensor([3, 4, 5]), free: tensor([6, 7]), loose: tensor([8, 9]) }
  const solver = adamw({ learningRate: 0.1, weightDecay: 0.5, mask: { a: true, b: true, free: false, loose: false } as never })
  const update = (state: { params: typeof params; optimizer: never }, gradients: typeof params) => {
    const [updates, optimizer] = solver.update(gradients, state.optimizer, { params: state.params })
    return [{ params: applyUpdates(state.params, updates), optimizer }, scalar(0)] as never
  }
  const start = { params, optimizer: solver.init(params) } as never
  const gradients = evaluate({ a: normal(key(1), [2]), b: normal(key(2), [3]), free: normal(key(3), [2]), loose: normal(key(4), [2]) })
  const graph = flatOf(update as never, start, gradients)
  const packed = packOf(graph)!
  expect(packed.layout.packs.map(({ lengths }) => lengths)).toEqual(
    [
      [2, 3],
      [2, 2],
      [2, 3],
      [2, 2],
      [2, 3],
      [2, 2],
    ].sort((x, y) => y[1]! - x[1]!),
  )
  const initial = leaves<Tensor>(start).map((leaf) => evaluate(leaf) as Constant)
  const [next] = run(graph, initial, gradients)
  const [stored] = run(packed.graph, packState(packed.layout, initial), gradients)
  expectAgreement(stored, packState(packed.layout, next), 0)
})

test('a step whose leaves share no update is left alone', () => {
  const graph = flatOf(
    ((state: { a: Tensor; b: Tensor }, x: Tensor) => [{ a: add(state.a, x), b: mul(state.b, sum(x)) }, x]) as never,
    { a: zeros([3]), b: zeros([2]) },
    zeros([3]),
  )
  expect(packOf(graph)).toBeUndefined()
})
