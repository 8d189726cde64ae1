import type { DType, TypedArray } from '../dtype.ts'
import type { Shape } from '../shape.ts'

/** An op without parameters. */
export type None = Readonly<Record<never, never>>

/** Which axes a reduction removes (never negative, sorted), and whether they stay with length 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** The static parameters of every op: the vocabulary of the graph. */
export interface OpAttributes {
  readonly input: { readonly name: string; readonly shape: Shape; readonly dtype: DType }
  readonly constant: { readonly data: TypedArray; readonly shape: Shape; readonly dtype: DType }
  readonly identity: None
  readonly stopGradient: None

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
  readonly sigmoid: None
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
  readonly cumsum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean }

  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean }

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

  readonly randomBits: { readonly shape: Shape }
  readonly topK: { readonly k: number; readonly axis: number; readonly largest: boolean }
}

export type OpName = keyof OpAttributes
