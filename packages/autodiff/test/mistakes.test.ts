import { expect, test } from 'vitest'
import { grad, valueAndGrad } from '@grad-ts/autodiff'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** The message without the caller's line, after a check that it names this file. */
const message = (fn: () => unknown): string => {
  try {
    fn()
  } catch (error) {
    const { message: text } = error as Error
    const [first, at] = text.split('\n    at ') as [string, string | undefined]
    if (at !== undefined) expect(at).toContain('mistakes.test.ts')
    return first
  }
  throw new Error('expected an error')
}

const x = t.ones([8, 784])
const images = t.ones([8, 1, 28, 28])
const labels = t.zeros([8])
const int = (...values: number[]): Tensor => t.tensor(Int32Array.from(values))

// The likeliest mistakes, each with what it says.
test('a weight stored as [out, in]', () => {
  expect(message(() => t.matmul(x, t.ones([10, 784])))).toMatchInlineSnapshot(
    `"matmul(float32[8, 784], float32[10, 784]): inner lengths differ: 784 and 10; is the second operand transposed?"`,
  )
})

test('a vector where a matrix is needed', () => {
  expect(message(() => t.matmul(x, t.ones([784])))).toMatchInlineSnapshot(
    `"matmul(float32[8, 784], float32[784]): expected matrices (rank 2 or more); reshape vectors first"`,
  )
})

test('an image without its batch axis', () => {
  expect(message(() => t.conv(t.ones([1, 28, 28]), t.ones([8, 1, 3, 3])))).toMatchInlineSnapshot(
    `"conv(float32[1, 28, 28]): expected x [batch, channels, …] with 2 spatial axes, got 3 axes in all; is the batch axis missing?"`,
  )
})

test('images with the channels last', () => {
  expect(message(() => t.conv(t.ones([8, 28, 28, 3]), t.ones([16, 3, 5, 5])))).toMatchInlineSnapshot(
    `"conv(float32[8, 28, 28, 3], float32[16, 3, 5, 5]): x has 28 channels and the kernel 3 for each of 1 groups and 16 outputs; expected x [batch, in, …], kernel [out, in / groups, …]; are the channels of x last?"`,
  )
})

test('a kernel larger than the image', () => {
  expect(message(() => t.conv(images, t.ones([8, 1, 31, 31])))).toMatchInlineSnapshot(
    `"conv(float32[8, 1, 28, 28], float32[8, 1, 31, 31]): a window of 31 does not fit spatial axis 0, which has 28 with its padding"`,
  )
})

test('labels as floats', () => {
  expect(message(() => t.takeAlongAxis(x, t.expandDims(labels, 1)))).toMatchInlineSnapshot(
    `"gatherAlong(float32[8, 784], float32[8, 1]): expected int32 indices; convert with cast(x, 'int32')"`,
  )
})

test('shapes that do not broadcast', () => {
  expect(message(() => t.add(x, t.ones([8])))).toMatchInlineSnapshot(
    `"add(float32[8, 784], float32[8]): the shapes do not broadcast; aligned at the last axis, lengths must be equal or 1"`,
  )
})

test('integers among floats', () => {
  expect(message(() => t.mul(x, t.ones([8, 1], 'int32')))).toMatchInlineSnapshot(
    `"mul(float32[8, 784], int32[8, 1]): expected operands of one dtype; convert one of them with cast(x, dtype)"`,
  )
})

test('a fraction given to integers', () => {
  expect(message(() => t.add(int(1, 2), 0.5))).toMatchInlineSnapshot(
    `"add(int32[2], float32[]): expected operands of one dtype; convert one of them with cast(x, dtype)"`,
  )
})

test('a mask of numbers instead of bool', () => {
  expect(message(() => t.where(labels, 1, 0))).toMatchInlineSnapshot(
    `"where(float32[8]): expected bool operands; make them with a comparison or cast(x, 'bool')"`,
  )
})

test('an exponential of integers', () => {
  expect(message(() => t.softmax(int(1, 2, 3)))).toMatchInlineSnapshot(
    `"softmax(int32[3]): expected a float dtype; convert with cast(x, 'float32')"`,
  )
})

test('a bool added up', () => {
  expect(message(() => t.sum(t.less(x, 0)))).toMatchInlineSnapshot(
    `"sum(bool[8, 784]): expected numbers, got bool; convert with cast(x, 'float32')"`,
  )
})

test('a reshape to another number of elements', () => {
  expect(message(() => t.reshape(images, [8, 700]))).toMatchInlineSnapshot(
    `"reshape(float32[8, 1, 28, 28]): 6272 elements do not fill [8, 700], which has 5600"`,
  )
  expect(message(() => t.reshape(images, [5, -1]))).toMatchInlineSnapshot(
    `"reshape(float32[8, 1, 28, 28]): cannot work out the -1 in [5, -1]"`,
  )
})

test('an axis that is not there', () => {
  expect(message(() => t.sum(x, { axes: 2 }))).toMatchInlineSnapshot(
    `"sum(float32[8, 784]): axis 2 is out of range for rank 2; expected -2 to 1"`,
  )
})

test('parts of different shapes joined', () => {
  expect(message(() => t.concat([x, t.ones([8, 10])]))).toMatchInlineSnapshot(
    `"concat(float32[8, 784], float32[8, 10]): the shapes may differ only along axis 0"`,
  )
  expect(message(() => t.stack([t.ones([2]), t.ones([3])]))).toMatchInlineSnapshot(
    `"concat(float32[1, 2], float32[1, 3]): the shapes may differ only along axis 0"`,
  )
})

test('ragged arrays', () => {
  expect(message(() => t.tensor([[1, 2], [3]]))).toMatchInlineSnapshot(
    `"tensor(): expected nested arrays of equal lengths, got a part that is not [2]"`,
  )
})

test('elements that do not fill the shape', () => {
  expect(message(() => t.tensor(new Float32Array(6), { shape: [2, 4] }))).toMatchInlineSnapshot(
    `"tensor(float32[2, 4]): expected 8 elements, got 6"`,
  )
})

test('an index out of range', () => {
  expect(message(() => t.toArray(t.gather(t.ones([3, 2]), int(0, 3))))).toMatchInlineSnapshot(
    `"gather: index 3 is out of range for an axis of length 3"`,
  )
})

test('a placeholder without a value', () => {
  expect(message(() => t.toArray(t.add(t.input('x', [2]), 1)))).toMatchInlineSnapshot(
    `"input 'x' has no value; give it one in the second argument of evaluate"`,
  )
})

test('an argument of another shape than the traced one', () => {
  const graph = t.trace((a: Tensor) => t.sum(a), [x])
  expect(message(() => t.runGraph(graph, [t.ones([4, 784])]))).toMatchInlineSnapshot(
    `"input '0': expected float32[8, 784], got float32[4, 784]"`,
  )
})

test('a loss for each example instead of one', () => {
  expect(message(() => grad((w: Tensor) => t.sum(t.mul(w, w), { axes: 1 }))(x))).toMatchInlineSnapshot(
    `"valueAndGrad(float32[8]): expected a scalar loss; reduce it with mean or sum (over the batch too)"`,
  )
})

test('a loss that is no tensor', () => {
  expect(message(() => grad((() => undefined) as unknown as (w: Tensor) => Tensor)(x))).toMatchInlineSnapshot(
    `"valueAndGrad(): expected the loss to be a tensor, got undefined"`,
  )
})

test('integer parameters', () => {
  expect(message(() => grad((p: { w: Tensor; steps: Tensor }) => t.sum(p.w))({ w: x, steps: t.scalar(0, 'int32') }))).toMatchInlineSnapshot(
    `"valueAndGrad(int32[]): cannot differentiate with respect to 'steps', which is int32; expected a float dtype"`,
  )
})

test('a step of a scan that changes its carry', () => {
  expect(
    message(() => t.scan((h: Tensor, step: Tensor) => [t.add(h, step), h] as const, t.zeros([]), t.ones([4, 3]))),
  ).toMatchInlineSnapshot(`"scan(float32[], float32[3]): the carry changes its shape; a step must give the shape it takes"`)
})

test('sequences of different lengths', () => {
  expect(message(() => t.scan((h: Tensor) => [h, h] as const, t.zeros([]), [t.ones([4]), t.ones([5])]))).toMatchInlineSnapshot(
    `"scan(float32[4], float32[5]): expected every sequence to have 4 steps along its first axis"`,
  )
})

test('a seed, a key and a rate that are none', () => {
  expect(message(() => t.key(1.5))).toMatchInlineSnapshot(`"key(): expected a whole number as seed, got 1.5"`)
  expect(message(() => t.normal(int(1, 2, 3), [2]))).toMatchInlineSnapshot(
    `"randomBits(int32[3]): expected a key of shape [2], as key(seed) or splitKey gives it"`,
  )
  expect(message(() => t.dropout(t.key(0), x, 1.5))).toMatchInlineSnapshot(
    `"dropout(float32[8, 784]): expected a rate from 0 to below 1, got 1.5"`,
  )
})

test('an equation that does not fit its operands', () => {
  expect(message(() => t.einsum('ij,kj->ik', x, t.ones([784, 10])))).toMatchInlineSnapshot(
    `"einsum(float32[8, 784], float32[784, 10]): label 'j' stands for axes of length 784 and 10"`,
  )
})

test('more top elements than there are', () => {
  expect(message(() => t.topK(t.ones([2, 3]), 5))).toMatchInlineSnapshot(
    `"topK(float32[2, 3]): expected k from 0 to 3, the length of axis 1, got 5"`,
  )
})

test('an unused parameter gets zeros, not an error', () => {
  const [, gradients] = valueAndGrad((p: { used: Tensor; unused: Tensor }) => t.sum(p.used))({ used: t.ones([2]), unused: t.ones([2]) })
  expect(t.toArray(gradients.unused)).toEqual([0, 0])
})
