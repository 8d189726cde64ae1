/** The lengths of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[]

export const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1)

export const sameShape = (left: Shape, right: Shape): boolean =>
  left.length === right.length && left.every((length, axis) => length === right[axis])

/** Row-major strides in elements. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = Array.from<number>({ length: shape.length })
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis] as number
  }
  return strides
}

/** NumPy's broadcast of two shapes, or `undefined` where they do not fit. */
export const broadcastShapes = (left: Shape, right: Shape): number[] | undefined => {
  const rank = Math.max(left.length, right.length)
  const result: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const a = left[left.length - rank + axis] ?? 1
    const b = right[right.length - rank + axis] ?? 1
    if (a !== b && a !== 1 && b !== 1) return undefined
    result.push(a === 1 ? b : a)
  }
  return result
}

/** Strides that read an operand as if it had the broadcast shape: 0 along repeated axes. */
export const broadcastStrides = (shape: Shape, target: Shape): number[] => {
  const strides = stridesOf(shape)
  const offset = target.length - shape.length
  return target.map((_, axis) => (axis < offset || shape[axis - offset] === 1 ? 0 : (strides[axis - offset] as number)))
}

/**
 * Gives the flat source index of every element of `shape` in row-major order, for a source with these strides.
 */
export const indices = (shape: Shape, strides: readonly number[], start = 0): Int32Array => {
  const result = new Int32Array(sizeOf(shape))
  const counter = new Int32Array(shape.length)
  let source = start
  for (let i = 0; i < result.length; i++) {
    result[i] = source
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis] as number
      counter[axis] = (counter[axis] as number) + 1
      if ((counter[axis] as number) < (shape[axis] as number)) break
      source -= (strides[axis] as number) * (shape[axis] as number)
      counter[axis] = 0
    }
  }
  return result
}

/** Prints a shape as `[2, 3]`. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`
