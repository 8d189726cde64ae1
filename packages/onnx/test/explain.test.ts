import { expect, test } from 'vitest'
import { explainGraph } from '@grad-ts/onnx'
import { add, input, matmul, mul, ones, relu, sum, tensor, trace } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'

test('a graph reads as one line for each node, with the paths of inputs and outputs', () => {
  const layer = (p: { kernel: Tensor; bias: Tensor }, x: Tensor) => {
    const y = relu(add(matmul(x, p.kernel, { transposeB: true }), p.bias))
    return { y, total: sum(mul(y, tensor([1, 2, 3, 4, 5])), { axes: [0] }) }
  }
  const graph = trace(layer, [{ kernel: ones([5, 2]), bias: ones([5]) }, input('x', [3, 2])])
  expect(explainGraph(graph as Graph)).toMatchInlineSnapshot(`
    "%0 = matmul(1, 0.kernel) transposeB   float32[3, 5]
    %1 = add(%0, 0.bias)   float32[3, 5]
    %2 = relu(%1)   float32[3, 5]
    %3 = mul(%2, [1, 2, 3, 4, …])   float32[3, 5]
    %4 = sum(%3) axes=[0]   float32[5]
    output total = %4   float32[5]
    output y = %2   float32[3, 5]
    1 matmul, 1 add, 1 relu, 1 mul, 1 sum"
  `)
})
