import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'

/** Writes one op as ONNX nodes: takes the names of its operands and gives the name of its result. */
export type Lowering<Op extends OpName> = (emitter: Emitter, inputs: readonly string[], node: Tensor<Op>) => string

export type Lowerings<Op extends OpName> = { readonly [Name in Op]: Lowering<Name> }
