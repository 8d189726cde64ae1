import type { Constant, DType, FloatDType, Shape, Tensor } from '@grad-ts/tensor'
import type { StoredModel } from './ir.ts'
import type { OwnOperators } from './own.ts'
import type { Selector } from './select.ts'

/** How a file is read. */
export interface OnnxOptions {
  /** Lengths for the symbolic dimensions, by their names in the file. */
  readonly dims?: Readonly<Record<string, number>>
  /** Whole shapes for inputs whose dimensions have no names. */
  readonly shapes?: Readonly<Record<string, Shape>>
  /** Values for inputs that decide shapes (sizes, paddings, axes): such an input becomes a constant of the model. */
  readonly values?: Readonly<Record<string, Constant>>
  /** Computes all floats in this dtype; default: as in the file. */
  readonly dtype?: FloatDType
  /** Tensors to end at, inside the graph or not; what lies behind them is not read and may use any operator. Default: the file's outputs. */
  readonly outputs?: string | readonly string[]
  /** Operators of your own, by `Name`, or `domain:Name` outside of ONNX itself; they come before those that are read. */
  readonly operators?: OwnOperators
  /** Which weights become `params`; default: every float weight of two or more elements but running statistics, initial states and masks. */
  readonly trainable?: Selector
  /** Batch normalisation as inference (default), or with the statistics of the batch and new running ones as state. */
  readonly batchNorm?: 'inference' | 'training'
  /** The bytes of external files by their location in the model, for models that are not read from a path. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>
}

/** An input or output of a model. */
export interface OnnxPort {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
}

export type NamedTensors = Readonly<Record<string, Tensor>>
export type NamedConstants = Readonly<Record<string, Constant>>

/** Layers of our own behind a tensor of the file, to be appended when the model is written. */
export interface Graft {
  /** Prefix of its parameters' names. */
  readonly name: string
  readonly at: string
  readonly output: string
  /** From its own parameters, named without the prefix. */
  readonly apply: (params: NamedTensors, x: Tensor) => Tensor
}

/** Where a model came from: what `toOnnx` writes the new weights into. */
export interface OnnxSource {
  readonly bytes: Uint8Array
  readonly stored: StoredModel
  readonly options: OnnxOptions
  /** Every weight of the file, trained or not, in the dtype of the computation. */
  readonly weights: ReadonlyMap<string, Constant>
  /** Integer weights from files beside the model, as bytes. */
  readonly integers: ReadonlyMap<string, Uint8Array>
  /** The outputs of the file that are computed. */
  readonly results: readonly string[]
  readonly grafts: readonly Graft[]
  /** A chosen weight that cannot be trained is left out instead of refused. */
  readonly mustTrain?: boolean
}

/** A file as a function of tensors. */
export interface OnnxModel {
  /** The trainable weights by their names in the file. */
  readonly params: NamedConstants
  /** The weights that stay as they are. */
  readonly frozen: NamedConstants
  /** Running statistics of batch normalisation, when it is read as training; else empty. */
  readonly state: NamedConstants
  readonly inputs: readonly OnnxPort[]
  readonly outputs: readonly OnnxPort[]
  /**
   * Computes the outputs, by name.
   *
   * @param params like `model.params`; a weight left out keeps the file's value
   * @param inputs by name; where the file has a symbolic dimension any length will do
   * @param key what random operators draw from; without one they draw the same numbers at every call
   */
  readonly apply: (params: NamedTensors, inputs: NamedTensors, key?: Tensor) => Record<string, Tensor>
  /** Like `apply`, with batch normalisation as training: gives the outputs and the new running statistics. */
  readonly applyWithState: (
    params: NamedTensors,
    state: NamedTensors,
    inputs: NamedTensors,
    key?: Tensor,
  ) => readonly [Record<string, Tensor>, Record<string, Tensor>]
  readonly source: OnnxSource
}
