import { valueAndGrad } from '@grad-ts/autodiff'
import { adam, applyUpdates, chain, clipByGlobalNorm } from '@grad-ts/optim'
import type { Tree } from '@grad-ts/tree'
import { add, evaluate, key, logSoftmax, matmul, mean, mul, neg, normal, relu, splitKey, sum, tensor, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

/** A small classifier with its Adam step: the function that the tests of the compiler train. */
export interface Batch extends Readonly<Record<string, Tree<Tensor>>> {
  readonly x: Tensor
  readonly y: Tensor
}

const widths = [6, 8, 3] as const

export const initialParams = (seed: number) => {
  const [first, second] = splitKey(key(seed))
  return {
    hidden: { kernel: mul(normal(first, [widths[0], widths[1]]), 0.4), bias: zeros([widths[1]]) },
    out: { kernel: mul(normal(second, [widths[1], widths[2]]), 0.4), bias: zeros([widths[2]]) },
  }
}

type Params = ReturnType<typeof initialParams>

const loss = (params: Params, { x, y }: Batch): Tensor => {
  const hidden = relu(add(matmul(x, params.hidden.kernel), params.hidden.bias))
  const logits = add(matmul(hidden, params.out.kernel), params.out.bias)
  return neg(mean(sum(mul(y, logSoftmax(logits)), { axes: [1] })))
}

export const solver = chain(clipByGlobalNorm(1), adam({ learningRate: 1e-2 }))

export interface State extends Readonly<Record<string, Tree<Tensor>>> {
  readonly params: Params
  readonly optimizer: Tree<Tensor>
}

export const initialState = (seed = 0): State => {
  const params = evaluate(initialParams(seed)) as Params
  return { params, optimizer: evaluate(solver.init(params) as Tree<Tensor>) as Tree<Constant> }
}

export const step = ({ params, optimizer }: State, batch: Batch): readonly [State, { readonly loss: Tensor }] => {
  const [value, gradients] = valueAndGrad(loss)(params, batch)
  const [updates, next] = solver.update(gradients, optimizer as never, { params })
  return [{ params: applyUpdates(params, updates) as Params, optimizer: next as Tree<Tensor> }, { loss: value }]
}

/** A batch of points whose class is the place of their largest coordinate, folded to three classes. */
export const batchOf = (seed: number, size = 16): Batch => {
  const x = evaluate(normal(key(1000 + seed), [size, widths[0]])) as Constant
  const y = new Float32Array(size * widths[2])
  for (let row = 0; row < size; row++) {
    const values = x.attributes.data.subarray(row * widths[0], (row + 1) * widths[0])
    y[row * widths[2] + (values.indexOf(Math.max(...values)) % widths[2])] = 1
  }
  return { x, y: tensor(y, { shape: [size, widths[2]] }) }
}
