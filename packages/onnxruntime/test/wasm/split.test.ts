import { describe, expect, test } from 'vitest'
import * as T from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { expectAgreement } from '../agreement.ts'
import { chainKey } from '../../src/wasm/chain.ts'
import { bothWays } from './run-split.ts'
import type { Step } from './run-split.ts'

const draw = (seed: number, shape: readonly number[]): Constant => T.evaluate(T.normal(T.key(seed), shape)) as Constant

interface Case {
  readonly state: Tree<Constant>
  readonly batch: Tree<Constant>
  readonly step: (state: never, batch: never) => readonly [Tree<Tensor>, Tree<Tensor>]
  /** Leaves that kernels write, leaves that the session gives, and tensors that it hands to kernels. */
  readonly fused: readonly number[]
  readonly kept: readonly number[]
  readonly handed: number
}

type Named = Readonly<Record<string, Tensor>>
const define = (
  state: Readonly<Record<string, Constant>>,
  batch: Readonly<Record<string, Constant>>,
  step: (state: Named, batch: Named) => readonly [Named, Tree<Tensor>],
  expected: Pick<Case, 'fused' | 'kept' | 'handed'>,
): Case => ({ state, batch, step: step as Case['step'], ...expected })

const [w, x] = [draw(1, [5, 3]), draw(2, [4, 5])]
const at = (named: Named, name: string): Tensor => named[name] as Tensor
const product = (s: Named, b: Named): Tensor => T.matmul(at(b, 'x'), at(s, 'w'))
/** The gradient of Σ (x·w)²/2. */
const gradient = (s: Named, b: Named): Tensor => T.matmul(at(b, 'x'), product(s, b), { transposeA: true })

const cases: Readonly<Record<string, Case>> = {
  'momentum with a norm': define(
    { m: draw(3, [5, 3]), w },
    { x },
    (s, b) => {
      const g = gradient(s, b)
      const m = T.add(T.mul(at(s, 'm'), 0.9), T.div(g, T.add(T.sqrt(T.sum(T.square(g))), 1)))
      return [{ m, w: T.sub(at(s, 'w'), T.mul(m, 0.1)) }, T.sum(product(s, b))]
    },
    { fused: [0, 1], kept: [], handed: 2 },
  ),
  'a counter and a schedule': define(
    { count: T.tensor(Int32Array.of(3), { shape: [] }), w },
    { x },
    (s, b) => {
      const rate = T.exp(T.mul(T.cast(at(s, 'count'), 'float32'), -0.1))
      return [{ count: T.add(at(s, 'count'), 1), w: T.sub(at(s, 'w'), T.mul(gradient(s, b), rate)) }, null]
    },
    { fused: [1], kept: [0], handed: 2 },
  ),
  'two leaves change places': define({ a: draw(4, [7]), b: draw(5, [7]) }, {}, (s) => [{ a: at(s, 'b'), b: at(s, 'a') }, null], {
    fused: [0, 1],
    kept: [],
    handed: 0,
  }),
  'a leaf that others read is replaced': define(
    { a: draw(6, [7]), b: draw(7, [7]), c: draw(8, [7]) },
    {},
    (s) => [{ a: T.mul(at(s, 'a'), 2), b: T.add(at(s, 'b'), at(s, 'a')), c: T.sub(at(s, 'c'), at(s, 'b')) }, null],
    { fused: [0, 1, 2], kept: [], handed: 0 },
  ),
  'a leaf that the session replaces is read by a kernel': define(
    { a: draw(9, [3, 3]), b: draw(10, [3, 3]) },
    {},
    (s) => [{ a: T.matmul(at(s, 'a'), at(s, 'b')), b: T.add(at(s, 'a'), at(s, 'b')) }, null],
    { fused: [1], kept: [0], handed: 0 },
  ),
  'leaves that do not change are left alone': define(
    { a: draw(11, [6]), b: draw(12, [6]), n: T.tensor(Int32Array.of(1, 2)) },
    {},
    (s) => [{ a: T.add(at(s, 'a'), at(s, 'b')), b: at(s, 'b'), n: at(s, 'n') }, null],
    { fused: [0], kept: [], handed: 0 },
  ),
  'the gradient is the batch': define(
    { w: draw(13, [9]) },
    { g: draw(14, [9]) },
    (s, b) => [{ w: T.sub(at(s, 'w'), T.mul(at(b, 'g'), 0.1)) }, T.sum(at(b, 'g'))],
    { fused: [0], kept: [], handed: 0 },
  ),
  'parts of a gradient are joined by the session': define(
    { w },
    { x, z: draw(15, [4, 5]) },
    (s, b) => {
      const other = gradient(s, { x: at(b, 'z') })
      return [{ w: T.sub(at(s, 'w'), T.mul(T.add(gradient(s, b), other), 0.1)) }, null]
    },
    { fused: [0], kept: [], handed: 1 },
  ),
  'the step is skipped when a number is not finite': define(
    { w },
    { x },
    (s, b) => {
      const g = gradient(s, b)
      const next = T.sub(at(s, 'w'), T.mul(g, 0.1))
      return [{ w: T.where(T.isFinite(T.sum(g)), next, at(s, 'w')) }, null]
    },
    { fused: [0], kept: [], handed: 2 },
  ),
  'a condition comes from the session': define(
    { w },
    {
      keep: T.tensor(
        Uint8Array.from({ length: 15 }, (_, i) => i % 2),
        { shape: [5, 3], dtype: 'bool' },
      ),
    },
    (s, b) => [{ w: T.where(at(b, 'keep'), at(s, 'w'), 0) }, null],
    { fused: [0], kept: [], handed: 1 },
  ),
  'an op without a kernel stays in the session': define({ w }, {}, (s) => [{ w: T.mul(T.tanh(at(s, 'w')), 0.5) }, null], {
    fused: [0],
    kept: [],
    handed: 1,
  }),
  'rows that are repeated stay in the session': define(
    { w, row: draw(16, [3]) },
    {},
    (s) => [{ w: T.sub(at(s, 'w'), T.mul(T.add(at(s, 'row'), at(s, 'w')), 0.1)), row: at(s, 'row') }, null],
    { fused: [1], kept: [], handed: 1 },
  ),
  'doubles, single numbers and empty leaves stay in the session': define(
    { d: T.tensor(Float64Array.of(1, 2, 3)), e: T.tensor(new Float32Array(0)), f: T.tensor(Float32Array.of(4)) },
    {},
    (s) => [{ d: T.mul(at(s, 'd'), 2), e: T.mul(at(s, 'e'), 2), f: T.mul(at(s, 'f'), 2) }, null],
    { fused: [], kept: [0, 1, 2], handed: 0 },
  ),
  'outputs may need what kernels compute': define(
    { w },
    { x },
    (s, b) => {
      const next = T.sub(at(s, 'w'), T.mul(gradient(s, b), 0.1))
      return [{ w: next }, { norm: T.sum(T.square(next)), next }]
    },
    { fused: [0], kept: [], handed: 1 },
  ),
  'a leaf is filled': define({ w }, {}, (s) => [{ w: T.full(at(s, 'w').shape, T.sum(at(s, 'w'))) }, null], {
    fused: [0],
    kept: [],
    handed: 1,
  }),
}

describe.each(Object.entries(cases))('%s', (_, { state, batch, step, fused, kept, handed }) => {
  const { split, actual, expected } = bothWays(step as Step, state, batch)
  const written = split.updates.flatMap(({ results }) => results).sort((a, b) => a - b)

  test('the two parts give the state of the whole', () => expectAgreement(actual, expected, 1e-6))

  test('every leaf is written by one part, or by none when it stays', () => {
    expect([written, split.kept.map(({ leaf }) => leaf)]).toEqual([fused, kept])
  })

  test('the session hands over no more than kernels need', () => {
    const read = split.updates.flatMap(({ tensors, scalars }) => [...tensors.filter(({ from }) => from === 'session'), ...scalars])
    const computed = new Set(
      [...split.outputs, ...split.kept.map(({ place }) => place), ...read].map(({ index, offset }) => `${index}.${offset}`),
    )
    expect(new Set(read.map(({ index, offset }) => `${index}.${offset}`)).size).toBe(handed)
    expect(split.session.outputs.length).toBeLessThanOrEqual(computed.size)
  })

  test('the session reads only what it needs', () => {
    const needed = new Set(T.topologicalOrder(split.session.outputs))
    expect(split.session.inputs.every((leaf) => needed.has(leaf))).toBe(true)
  })
})

const decay = (rates: readonly number[]): Step =>
  ((state: readonly Tensor[]) => [state.map((leaf, i) => T.mul(leaf, rates[i] as number)), null]) as never

test('leaves with the same update share a chain, whatever their shape', () => {
  const state = [draw(20, [4]), draw(21, [2, 3]), draw(22, [5, 1, 2])]
  const keys = (rates: readonly number[]) => new Set(bothWays(decay(rates), state, {}).split.updates.map(({ chain }) => chainKey(chain)))
  expect(keys([0.5, 0.5, 0.5]).size).toBe(1)
  expect(keys([0.5, 0.5, 0.25]).size).toBe(2)
  expect(keys([0, -0, NaN]).size).toBe(3)
})

test('results too small for a full mantissa are stored as zero', () => {
  const { actual } = bothWays(decay([2 ** -100]), [T.tensor([2 ** -26, -(2 ** -26), 2 ** -27, -(2 ** -27), 1])], {})
  expect(Array.from((actual[0] as Constant).attributes.data)).toEqual([2 ** -126, -(2 ** -126), 0, 0, 2 ** -100])
})

test('small results of the session share an output; what follows one there is not touched', () => {
  // Three of three elements each: the last vectors of all of them overlap, or lie at the end of the output.
  const state = [draw(30, [3]), draw(31, [3]), draw(32, [3])]
  const step = ((leaves: readonly Tensor[]) => [
    leaves.map((leaf) => T.sub(leaf, T.mul(T.cumsum(leaf), T.sum(leaf)))),
    T.sum(leaves[0] as Tensor),
  ]) as never
  const { split, actual, expected } = bothWays(step, state, {})
  expect(split.session.outputs.map(({ shape }) => shape)).toEqual([[13]])
  expectAgreement(actual, expected, 1e-6)
})

test('large results, and those that are not float32, have outputs of their own', () => {
  const state = { big: draw(33, [3000]), n: T.tensor(Int32Array.of(1)), one: T.scalar(1), two: T.scalar(2) }
  const step = ((s: typeof state) => [
    { big: T.add(s.big, T.tanh(s.big)), n: T.add(s.n, 1), one: T.mul(s.one, 2), two: T.mul(s.two, 2) },
    null,
  ]) as never
  const { split, actual, expected } = bothWays(step, state, {})
  expect(split.session.outputs.map(({ shape }) => shape)).toEqual([[1], [3000], [2]])
  expectAgreement(actual, expected, 1e-6)
})
