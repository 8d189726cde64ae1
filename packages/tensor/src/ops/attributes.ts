import type { DType, TypedArray } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** An op without parameters. */
export type None = Readonly<Record<never, never>>

/** Which axes a reduction removes (never negative, sorted), and whether they stay with length 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** How a window slides over the spatial axes; every list has one entry per spatial axis. */
export interface WindowAttributes {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
}

export interface ConvolutionAttributes extends WindowAttributes {
  readonly groups: number
}

export interface PoolAttributes extends WindowAttributes {
  readonly kernel: readonly number[]
}

/** A function of tensors inside a node: it depends on nothing but its placeholders. */
export interface Body {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

/** The static parameters of every op: the vocabulary of the graph. */
export interface OpAttributes {
  readonly input: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  readonly constant: { readonly data: TypedArray; readonly shape: Shape; readonly dtype: DType }
  readonly identity: None
  readonly stopGradient: None
  /** Passes its first operand on, not before its second is known: what follows cannot be merged with the same work done earlier. */
  readonly barrier: None

  readonly neg: None
  readonly abs: None
  readonly sign: None
  readonly floor: None
  readonly ceil: None
  readonly round: None
  readonly exp: None
  readonly expm1: None
  readonly log: None
  readonly log1p: None
  readonly sqrt: None
  readonly reciprocal: None
  readonly sin: None
  readonly cos: None
  readonly tanh: None
  readonly erf: None
  readonly erfInv: None
  readonly atan: None
  readonly sigmoid: None
  readonly softplus: None
  readonly relu: None
  readonly isNaN: None
  readonly not: None

  readonly add: None
  readonly sub: None
  readonly mul: None
  readonly div: None
  readonly pow: None
  readonly maximum: None
  readonly minimum: None
  readonly mod: None
  readonly equal: None
  readonly less: None
  readonly lessEqual: None
  readonly and: None
  readonly or: None
  readonly where: None
  readonly cast: { readonly dtype: DType }

  readonly sum: ReduceAttributes
  readonly max: ReduceAttributes
  readonly min: ReduceAttributes
  readonly prod: ReduceAttributes
  readonly argMax: { readonly axis: number; readonly keepDims: boolean }
  readonly argMin: { readonly axis: number; readonly keepDims: boolean }
  readonly softmax: { readonly axis: number }
  readonly logSoftmax: { readonly axis: number }
  readonly cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean }

  /** `precision: 'full'` keeps the operands' dtype where a compiler would compute in a smaller one. */
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly precision?: 'full' }

  readonly reshape: { readonly shape: Shape }
  readonly broadcastTo: { readonly shape: Shape }
  readonly transpose: { readonly permutation: readonly number[] }
  readonly concat: { readonly axis: number }
  readonly slice: { readonly starts: readonly number[]; readonly sizes: readonly number[]; readonly steps: readonly number[] }
  readonly pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }

  readonly gather: { readonly axis: number }
  readonly scatterAdd: { readonly axis: number; readonly length: number }
  readonly gatherAlong: { readonly axis: number }
  readonly scatterAddAlong: { readonly axis: number; readonly length: number }

  /** x `[batch, in, …]`, kernel `[out, in / groups, …]` → `[batch, out, …]`. */
  readonly conv: ConvolutionAttributes
  /** Cotangent of the result, kernel → cotangent of x, whose spatial shape is given; also transposed convolution. */
  readonly convInputGradient: ConvolutionAttributes & { readonly spatial: Shape }
  /** x, cotangent of the result → cotangent of the kernel, whose spatial shape is given. */
  readonly convKernelGradient: ConvolutionAttributes & { readonly spatial: Shape }
  /** x `[batch, channels, …]` → the largest element under each window; padding never wins. */
  readonly maxPool: PoolAttributes
  /** Where the largest element (the first of equals) of each window lies, counted in the flat spatial axes of x; int32. */
  readonly maxPoolIndices: PoolAttributes

  /**
   * Runs a body once per step: operands are the carries, the sequences (cut along their first axis) and captured tensors; the body
   * takes the same and gives the new carries and the outputs. The result is one vector: for each carry all its values in turn
   * (`history`) or only the last, then the stacked outputs. `reverse` runs from the last step to the first and stacks at the step's place.
   */
  readonly scan: {
    readonly body: Body
    readonly carries: number
    readonly sequences: number
    readonly length: number
    readonly history: boolean
    readonly reverse: boolean
  }
  /** Passes its first operand on; its gradient recomputes the body from the other operands instead of keeping what the body computed. */
  readonly checkpoint: { readonly body: Body }

  readonly randomBits: { readonly shape: Shape }
  readonly topK: { readonly k: number; readonly axis: number; readonly largest: boolean }
}

export type OpName = keyof OpAttributes
