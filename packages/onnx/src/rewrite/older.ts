import { OnnxOpError } from '../import/errors.ts'
import type { AttributeProto, NodeProto, TensorProto } from '../schema/messages.ts'

/** Since which operator set an operator has the form that is written here (operator set 18). */
const since: Readonly<Record<string, number>> = {
  Abs: 6,
  Add: 7,
  And: 7,
  Cast: 9,
  Ceil: 6,
  Clip: 11,
  Concat: 4,
  Conv: 1,
  ConvTranspose: 1,
  Cos: 7,
  Div: 7,
  Equal: 7,
  Erf: 9,
  Exp: 6,
  Expand: 8,
  Floor: 6,
  Gather: 1,
  Gemm: 11,
  Greater: 9,
  Identity: 1,
  Less: 9,
  LessOrEqual: 12,
  Log: 6,
  MatMul: 1,
  Max: 8,
  MaxPool: 8,
  Min: 8,
  Mul: 7,
  Neg: 6,
  Not: 1,
  Or: 7,
  Pow: 7,
  Reciprocal: 6,
  Relu: 6,
  Reshape: 5,
  Shape: 1,
  Sigmoid: 6,
  Sign: 9,
  Sin: 7,
  Slice: 10,
  Sqrt: 6,
  Sub: 7,
  Tanh: 6,
  Tile: 6,
  Transpose: 1,
  Where: 9,
  Softplus: 1,
  Softmax: 13,
  LogSoftmax: 13,
  ReduceSum: 13,
  Squeeze: 13,
  Unsqueeze: 13,
  LayerNormalization: 17,
}

/** Operators whose axes were an attribute before some operator set. */
const axesBefore: Readonly<Record<string, number>> = {
  ReduceSum: 13,
  Squeeze: 13,
  Unsqueeze: 13,
  ReduceMean: 18,
  ReduceMax: 18,
  ReduceMin: 18,
  ReduceProd: 18,
  ReduceL1: 18,
  ReduceL2: 18,
  ReduceLogSumExp: 18,
  ReduceSumSquare: 18,
}

const integersOf = ({ rawData, int64Data }: TensorProto): bigint[] => {
  if (rawData === undefined) return [...(int64Data ?? [])]
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength)
  return Array.from({ length: rawData.byteLength / 8 }, (_, i) => view.getBigInt64(i * 8, true))
}

const ints = (name: string, values: readonly bigint[]): AttributeProto => ({ name, type: 7, ints: values })

const refuse = ({ opType, name }: NodeProto, opset: number): never => {
  throw new OnnxOpError(
    name ?? opType,
    opType,
    `the new layers need ${opType}, which operator set ${opset} of the file does not have in this form; use other layers or export the file again with a newer operator set`,
  )
}

const withAxesAttribute = (node: NodeProto, constants: ReadonlyMap<string, TensorProto>, opset: number): NodeProto => {
  const [x, axes] = node.input as [string, string | undefined]
  const stored = axes === undefined ? undefined : constants.get(axes)
  if (axes !== undefined && stored === undefined) return refuse(node, opset)
  const attribute = node.attribute.filter(({ name }) => name !== 'noop_with_empty_axes')
  return { ...node, input: [x], attribute: stored === undefined ? attribute : [...attribute, ints('axes', integersOf(stored))] }
}

const isLastAxis = ({ attribute }: NodeProto): boolean => attribute.every(({ name, i }) => name !== 'axis' || i === -1n)

/**
 * Writes a node in the form that an older operator set has for it.
 *
 * @throws {OnnxOpError} when there is none
 */
export const inOpset = (node: NodeProto, constants: ReadonlyMap<string, TensorProto>, opset: number): NodeProto => {
  if (opset >= 18) return node
  const { opType } = node
  if (opset < (axesBefore[opType] ?? 0)) return withAxesAttribute(node, constants, opset)
  // Older ones join the axes behind; along the last one that is the same, written as a position from the front or the back.
  if ((opType === 'Softmax' || opType === 'LogSoftmax') && opset < 13) return opset >= 11 && isLastAxis(node) ? node : refuse(node, opset)
  return opset >= (since[opType] ?? axesBefore[opType] ?? 18) ? node : refuse(node, opset)
}
