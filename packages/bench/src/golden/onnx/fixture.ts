import { tensor } from '@grad-ts/tensor'
import type { Constant, FloatDType } from '@grad-ts/tensor'

/** A tensor of a fixture: flat, row-major. */
export interface FixtureTensor {
  readonly name: string
  readonly dtype: 'float32' | 'int64' | 'bool'
  readonly shape: readonly number[]
  readonly data: readonly (number | boolean)[]
}

/** A gradient: all of its values, or some with their places; length and sum are over all. */
export interface FixtureGradient {
  readonly l2: number
  readonly sum: number
  readonly index?: readonly number[]
  readonly values: readonly number[]
}

export type LossKind = 'mse' | 'softmaxCrossEntropy' | 'bceWithLogits'

/** The gaps that were measured when a fixture was made, by what was compared. */
export interface Agreement {
  readonly loss: number
  readonly outputs: number
  readonly gradients: number
  readonly sgdLoss: number
  readonly sgdOutputs: number
}

export interface OnnxFixture {
  readonly kind: 'onnx'
  readonly name: string
  readonly file: string
  readonly inputs: readonly FixtureTensor[]
  readonly outputs: readonly FixtureTensor[]
  readonly loss: { readonly kind: LossKind; readonly output: string; readonly target: Omit<FixtureTensor, 'name'>; readonly value: number }
  readonly parameters: readonly { readonly name: string; readonly gradient: FixtureGradient }[]
  readonly sgd: {
    readonly learningRate: number
    readonly steps: number
    readonly losses: readonly number[]
    readonly outputs: readonly FixtureTensor[]
  }
  readonly agreement?: { readonly torchFloat32: Agreement; readonly float64: Agreement }
}

export interface BrokenFixture {
  readonly kind: 'onnx-broken'
  readonly name: string
  readonly file: string
  readonly fault: string
  readonly mentions: readonly string[]
}

const dtypes = { int64: 'int32', bool: 'bool' } as const

/** A fixture's tensor as a constant; floats take the given dtype. */
export const constantOf = ({ dtype, shape, data }: Omit<FixtureTensor, 'name'>, float: FloatDType): Constant =>
  tensor(data.map(Number), { shape, dtype: dtype === 'float32' ? float : dtypes[dtype] })
