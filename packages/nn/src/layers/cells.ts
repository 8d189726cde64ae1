import { add, concat, matmul, mul, sigmoid, split, splitKey, sub, tanh, zeros as zerosOf } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import type { Initializer } from '../initializers/initializer.ts'
import { ones, zeros } from '../initializers/simple.ts'
import { orthogonal } from '../initializers/structured.ts'
import { glorotUniform } from '../initializers/variance-scaling.ts'
import { checkSizes } from './checks.ts'

/** The parameters of a recurrent cell; the gates stand side by side along the last axis. */
export type CellParams = {
  /** `[in, gates·size]` */
  readonly kernel: Tensor
  /** `[size, gates·size]` */
  readonly recurrent: Tensor
  /** `[gates·size]` */
  readonly bias: Tensor
  /** `[gates·size]`, added on the recurrent side; only the GRU has one. */
  readonly recurrentBias: Tensor | null
}

/** What a recurrent network does with one step. */
export interface Cell<Carry extends Tree<Tensor> = Tree<Tensor>> {
  readonly name: string
  readonly in: number
  readonly size: number
  init(this: void, key: Tensor): CellParams
  /** The carry before the first step. */
  start(this: void, batch: number, dtype: FloatDType): Carry
  /** From the carry and the projected input x·kernel + bias, `[batch, gates·size]`, to the next carry and the output `[batch, size]`. */
  step(this: void, params: CellParams, carry: Carry, projected: Tensor): readonly [Carry, Tensor]
}

export interface CellOptions {
  readonly in: number
  readonly size: number
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
  /** Default: orthogonal, gate by gate. */
  readonly recurrentInit?: Initializer
}

const initCell = (
  name: string,
  { in: inputs, size, kernelInit = glorotUniform, recurrentInit = orthogonal() }: CellOptions,
  biases: readonly Initializer[],
  twoBiases = false,
) => {
  checkSizes(name, { in: inputs, size })
  return (key: Tensor): CellParams => {
    const [kernelKey, recurrentKey] = splitKey(key)
    const ofGates = (own: Tensor, init: Initializer, rows: number): Tensor =>
      concat(
        splitKey<number>(own, biases.length).map((gateKey) => init(gateKey, [rows, size])),
        1,
      )
    return {
      kernel: ofGates(kernelKey, kernelInit, inputs),
      recurrent: ofGates(recurrentKey, recurrentInit, size),
      bias: concat(biases.map((init) => init(key, [size]))),
      recurrentBias: twoBiases ? zeros(key, [biases.length * size]) : null,
    }
  }
}

const gates = (x: Tensor, size: number): Tensor[] =>
  split(
    x,
    Array.from({ length: (x.shape[1] as number) / size }, () => size),
    1,
  )

/**
 * h′ = activation(x·K + h·R + b) (Elman, 1990).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { simpleCell, unrollCell } from '@grad-ts/nn'
 * const cell = simpleCell({ in: 3, size: 4 })
 * unrollCell(cell, cell.init(key(0)), ones([2, 5, 3])).outputs.shape // => [2, 5, 4]
 */
export const simpleCell = (options: CellOptions & { readonly activation?: (x: Tensor) => Tensor }): Cell<Tensor> => ({
  name: 'simpleRnn',
  in: options.in,
  size: options.size,
  init: initCell('simpleRnn', options, [zeros]),
  start: (batch, dtype) => zerosOf([batch, options.size], dtype),
  step: ({ recurrent }, carry, projected) => {
    const next = (options.activation ?? tanh)(add(projected, matmul(carry, recurrent)))
    return [next, next]
  },
})

/** The output and the memory of an LSTM, each `[batch, size]`. */
export type LstmCarry = { readonly output: Tensor; readonly memory: Tensor }

/**
 * Gates in the order input, forget, candidate, output, as in PyTorch and Keras; the bias of the forget gate starts at 1
 * (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { lstmCell, unrollCell } from '@grad-ts/nn'
 * const cell = lstmCell({ in: 3, size: 4 })
 * unrollCell(cell, cell.init(key(0)), ones([2, 5, 3])).outputs.shape // => [2, 5, 4]
 */
export const lstmCell = (options: CellOptions): Cell<LstmCarry> => ({
  name: 'lstm',
  in: options.in,
  size: options.size,
  init: initCell('lstm', options, [zeros, ones, zeros, zeros]),
  start: (batch, dtype) => ({ output: zerosOf([batch, options.size], dtype), memory: zerosOf([batch, options.size], dtype) }),
  step: ({ recurrent }, { output, memory }, projected) => {
    const [input, forget, candidate, open] = gates(add(projected, matmul(output, recurrent)), options.size) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const nextMemory = add(mul(sigmoid(forget), memory), mul(sigmoid(input), tanh(candidate)))
    const next = mul(sigmoid(open), tanh(nextMemory))
    return [{ output: next, memory: nextMemory }, next]
  },
})

/**
 * Gates in the order reset, update, candidate, as in PyTorch; the reset gate acts after the recurrent product (Cho et al., 2014, arXiv:1406.1078).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gruCell, unrollCell } from '@grad-ts/nn'
 * const cell = gruCell({ in: 3, size: 4 })
 * unrollCell(cell, cell.init(key(0)), ones([2, 5, 3])).outputs.shape // => [2, 5, 4]
 */
export const gruCell = (options: CellOptions): Cell<Tensor> => ({
  name: 'gru',
  in: options.in,
  size: options.size,
  init: initCell('gru', options, [zeros, zeros, zeros], true),
  start: (batch, dtype) => zerosOf([batch, options.size], dtype),
  step: ({ recurrent, recurrentBias }, carry, projected) => {
    const product = matmul(carry, recurrent)
    const [resetX, updateX, candidateX] = gates(projected, options.size) as [Tensor, Tensor, Tensor]
    const [resetH, updateH, candidateH] = gates(recurrentBias === null ? product : add(product, recurrentBias), options.size) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const update = sigmoid(add(updateX, updateH))
    const candidate = tanh(add(candidateX, mul(sigmoid(add(resetX, resetH)), candidateH)))
    const next = add(candidate, mul(update, sub(carry, candidate)))
    return [next, next]
  },
})
