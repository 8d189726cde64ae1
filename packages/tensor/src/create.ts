import { bufferFrom, isFloat } from './dtype.ts'
import type { DType, TypedArray } from './dtype.ts'
import { ShapeError } from './errors.ts'
import { sizeOf } from './shape.ts'
import type { Shape } from './shape.ts'
import { constantOf, isTensor, node } from './tensor.ts'
import type { Constant, Operand, Tensor } from './tensor.ts'

/** Numbers or booleans, nested to the rank of the tensor. */
export type NestedArray = number | boolean | readonly NestedArray[]

const nestedShape = (values: NestedArray): number[] => {
  if (!Array.isArray(values)) return []
  const [first] = values as readonly NestedArray[]
  return first === undefined ? [0] : [values.length, ...nestedShape(first)]
}

const flattenInto = (values: NestedArray, shape: Shape, flat: number[]): void => {
  const [length, ...rest] = shape
  if (Array.isArray(values) !== (length !== undefined) || (Array.isArray(values) && values.length !== length))
    throw new ShapeError('tensor', [], `expected nested arrays of equal lengths, got a part that is not [${shape.join(', ')}]`)
  if (Array.isArray(values)) for (const value of values as readonly NestedArray[]) flattenInto(value, rest, flat)
  else flat.push(Number(values))
}

const dtypeOfData = (data: TypedArray): DType => {
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Int32Array) return 'int32'
  return data instanceof Uint8Array ? 'bool' : 'float32'
}

const firstLeaf = (values: NestedArray): number | boolean | undefined =>
  Array.isArray(values) ? firstLeaf(values[0] ?? 0) : (values as number | boolean)

/**
 * Makes a tensor from plain arrays, or over a typed array.
 *
 * @param values nested arrays (numbers give float32, booleans bool), or a typed array, which is taken without a copy when its type fits
 * @param options.shape for typed arrays: the shape (default: one axis)
 * @param options.dtype the element type (default: by the values)
 * @returns a constant of the nesting's shape
 * @throws {ShapeError} when the nesting is ragged or the elements do not fill the shape
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * toArray(tensor([[1, 2], [3, 4]])) // => [[1, 2], [3, 4]]
 */
export const tensor = (values: NestedArray | TypedArray, options: { readonly shape?: Shape; readonly dtype?: DType } = {}): Constant => {
  if (ArrayBuffer.isView(values)) {
    const dtype = options.dtype ?? dtypeOfData(values)
    const shape = options.shape ?? [values.length]
    if (sizeOf(shape) !== values.length)
      throw new ShapeError('tensor', [{ shape, dtype }], `expected ${sizeOf(shape)} elements, got ${values.length}`)
    return constantOf(dtype === dtypeOfData(values) ? values : bufferFrom(dtype, values), shape, dtype)
  }
  const shape = nestedShape(values)
  const flat: number[] = []
  flattenInto(values, shape, flat)
  const dtype = options.dtype ?? (typeof firstLeaf(values) === 'boolean' ? 'bool' : 'float32')
  const data = bufferFrom(dtype, flat)
  return options.shape === undefined ? constantOf(data, shape, dtype) : tensor(data, { shape: options.shape, dtype })
}

/** Makes a scalar of shape `[]`. */
export const scalar = (value: number | boolean, dtype: DType = typeof value === 'boolean' ? 'bool' : 'float32'): Constant =>
  constantOf(bufferFrom(dtype, [Number(value)]), [], dtype)

/**
 * Makes a placeholder whose value is given when the graph runs.
 *
 * @param name shows in messages and in the compiled graph
 */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Tensor<'input'> => node('input', [], { name, shape, dtype })

/** Makes a tensor with every element equal to one value. */
export const full = (shape: Shape, value: Operand, dtype: DType = 'float32'): Tensor => {
  const element = isTensor(value) ? value : scalar(value, dtype)
  return shape.length === 0 && element.shape.length === 0 ? element : node('broadcastTo', [element], { shape })
}

/** Makes a tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 0, dtype)

/** Makes a tensor of ones. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor => full(shape, 1, dtype)

/** Makes zeros of the shape and dtype of another tensor. */
export const zerosLike = (like: Tensor): Tensor => zeros(like.shape, like.dtype)

/** Makes ones of the shape and dtype of another tensor. */
export const onesLike = (like: Tensor): Tensor => ones(like.shape, like.dtype)

/** Makes the integers 0, 1, …, length − 1 along one axis. */
export const arange = (length: number, dtype: DType = 'int32'): Constant =>
  tensor(
    bufferFrom(
      dtype,
      Array.from({ length }, (_, i) => i),
    ),
    { dtype },
  )

/** Makes the identity matrix of a size. */
export const eye = (size: number, dtype: DType = 'float32'): Constant =>
  tensor(
    bufferFrom(
      dtype,
      Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
    ),
    { shape: [size, size], dtype },
  )

/** Makes an operand a tensor: a number takes the given dtype (a fraction given to an integer dtype is refused by `add` and its like). */
export const asTensor = (operand: Operand, dtype: DType = 'float32'): Tensor => {
  if (isTensor(operand)) return operand
  return scalar(operand, typeof operand === 'boolean' ? 'bool' : dtype)
}

/** Gives operands the dtype that their tensors have, or float32 (bool for booleans) when none is a tensor. */
export const unify = (operands: readonly Operand[]): Tensor[] => {
  const known = operands.find(isTensor)?.dtype
  return operands.map((operand) => {
    const integral = typeof operand !== 'number' || Number.isInteger(operand)
    const dtype =
      known === undefined || (known === 'bool' && typeof operand === 'number') || (!isFloat(known) && !integral) ? 'float32' : known
    return asTensor(operand, dtype)
  })
}
