import { expect, test } from 'vitest'
import { checkpoint, grad, valueAndGrad } from '@grad-ts/autodiff'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { checkGradient } from '@grad-ts/testkit'

/** The most elements alive at once when a graph runs in order and drops each value after its last use. */
const peak = (outputs: readonly Tensor[]): number => {
  const order = t.topologicalOrder(outputs)
  const lastUse = new Map<Tensor, number>(outputs.map((output) => [output, order.length]))
  order.forEach((node, i) => node.inputs.forEach((operand) => lastUse.set(operand, Math.max(lastUse.get(operand) ?? 0, i))))
  let [alive, most] = [0, 0]
  order.forEach((node, i) => {
    alive += t.sizeOf(node.shape)
    most = Math.max(most, alive)
    for (const done of new Set([node, ...node.inputs])) if ((lastUse.get(done) ?? i) === i) alive -= t.sizeOf(done.shape)
  })
  return most
}

/** Merges nodes that compute the same from the same operands, as runtimes do. */
const merged = (outputs: readonly Tensor[]): readonly Tensor[] => {
  const names = new Map<Tensor, number>()
  const known = new Map<string, Tensor>()
  const replacements = new Map<Tensor, Tensor>()
  for (const node of t.topologicalOrder(outputs)) {
    const operands = node.inputs.map((operand) => replacements.get(operand) as Tensor)
    const unique = node.op === 'input' || node.op === 'constant'
    const key = unique
      ? `${names.size}`
      : `${node.op} ${JSON.stringify(node.attributes)} ${operands.map((operand) => names.get(operand)).join()}`
    const same = known.get(key) ?? (unique ? node : t.rebuild(node, operands))
    if (!known.has(key)) names.set(same, names.size)
    known.set(key, same)
    replacements.set(node, same)
  }
  return outputs.map((output) => replacements.get(output) as Tensor)
}

const width = 8
const block = ({ w, x }: { w: Tensor; x: Tensor }): Tensor => {
  let y = x
  for (let i = 0; i < 4; i++) y = t.tanh(t.add(t.matmul(y, w), 0.1))
  return y
}

const deep =
  (apply: typeof block) =>
  (w: Tensor, x: Tensor): Tensor => {
    let y = x
    for (let i = 0; i < 12; i++) y = apply({ w, x: y })
    return t.sum(t.square(y))
  }

const w = t.normal(t.key(1), [width, width], { stddev: 0.4, dtype: 'float64' })
const x = t.normal(t.key(2), [64, width], { dtype: 'float64' })

const gradientGraph = (apply: typeof block): readonly Tensor[] => {
  const [value, gradient] = valueAndGrad(deep(apply))(t.input('w', [width, width], 'float64'), t.input('x', [64, width], 'float64'))
  return [value, gradient]
}

test('values and gradients do not change, but for the order of sums', () => {
  const second = (apply: typeof block) => (a: Tensor, b: Tensor) => t.sum(t.square(grad(deep(apply))(a, b)))
  for (const loss of [deep, second]) {
    const [expected, actual] = [block, checkpoint(block)].map((apply) => t.evaluate(grad(loss(apply))(w, x)).attributes.data)
    actual!.forEach((value, i) => expect(value / expected![i]!).toBeCloseTo(1, 10))
  }
})

test('a deep graph needs less than half the memory, and still does after equal nodes are merged', () => {
  const plain = peak(gradientGraph(block))
  expect(peak(gradientGraph(checkpoint(block)))).toBeLessThan(plain / 2)
  expect(peak(merged(gradientGraph(checkpoint(block))))).toBeLessThan(plain / 2)
  expect(peak(merged(gradientGraph(block)))).toBeGreaterThan(plain / 2)
})

test('several outputs, integer outputs and captured tensors work', () => {
  const scale = t.tensor([2, 3], { dtype: 'float64' })
  const parts = checkpoint((a: Tensor, b: Tensor) => ({
    product: t.mul(t.exp(a), t.mul(b, scale)),
    best: t.argMax(a),
    mean: t.mean(t.sin(b)),
  }))
  const fn = (a: Tensor, b: Tensor): Tensor => {
    const { product, best, mean } = parts(a, b)
    return t.add(t.mul(t.sum(product), mean), t.cast(best, 'float64'))
  }
  const args = [t.tensor([0.5, -0.3], { dtype: 'float64' }), t.tensor([1.5, 0.7], { dtype: 'float64' })]
  expect(checkGradient(fn, args, { order: 2 })).toMatchObject({ passed: true })
  expect(checkGradient((s) => t.sum(checkpoint((a: Tensor) => t.exp(t.mul(a, s as Tensor)))(args[0] as Tensor)), [scale])).toMatchObject({
    passed: true,
  })
})
