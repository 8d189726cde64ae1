import { allocate, settle } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { broadcastShapes, broadcastStrides, indices, sizeOf } from '../shape.ts'
import { floating, sameDType } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'

const rowsAndColumns = (shape: readonly number[], transposed: boolean): readonly [number, number] => {
  const rows = shape.at(-2) as number
  const columns = shape.at(-1) as number
  return transposed ? [columns, rows] : [rows, columns]
}

/** Where every matrix of a batch starts, read with broadcasting. */
const matrixStarts = (shape: readonly number[], batch: readonly number[]): number[] => {
  const matrix = (shape.at(-2) as number) * (shape.at(-1) as number)
  return Array.from(indices(batch, broadcastStrides(shape.slice(0, -2), batch)), (index) => index * matrix)
}

export const matmulRules: OpRules<'matmul'> = {
  matmul: {
    infer: (inputs, { transposeA, transposeB }) => {
      const [a, b] = inputs as [OperandType, OperandType]
      floating('matmul', inputs)
      sameDType('matmul', inputs)
      if (a.shape.length < 2 || b.shape.length < 2)
        throw new ShapeError('matmul', inputs, 'expected matrices (rank 2 or more); reshape vectors first')
      const [rows, inner] = rowsAndColumns(a.shape, transposeA)
      const [innerB, columns] = rowsAndColumns(b.shape, transposeB)
      if (inner !== innerB) {
        const fits = b.shape.at(-1) === inner || b.shape.at(-2) === inner
        throw new ShapeError(
          'matmul',
          inputs,
          `inner lengths differ: ${inner} and ${innerB}${fits ? '; is the second operand transposed?' : ''}`,
        )
      }
      const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
      if (batch === undefined) throw new ShapeError('matmul', inputs, 'the leading (batch) axes do not broadcast')
      return { shape: [...batch, rows, columns], dtype: a.dtype }
    },
    evaluate: (inputs, { transposeA, transposeB }, { shape, dtype }) => {
      const [a, b] = inputs as [Value, Value]
      const [rows, inner] = rowsAndColumns(a.shape, transposeA)
      const columns = shape.at(-1) as number
      const batch = shape.slice(0, -2)
      const startsA = matrixStarts(a.shape, batch)
      const startsB = matrixStarts(b.shape, batch)
      const [rowA, innerA] = transposeA ? [1, rows] : [inner, 1]
      const [innerB, columnB] = transposeB ? [1, inner] : [columns, 1]
      const result = allocate(dtype, sizeOf(shape))
      const sums = new Float64Array(columns)
      startsA.forEach((startA, matrix) => {
        const startB = startsB[matrix] as number
        for (let row = 0; row < rows; row++) {
          sums.fill(0)
          for (let k = 0; k < inner; k++) {
            const left = a.data[startA + row * rowA + k * innerA] as number
            const at = startB + k * innerB
            for (let column = 0; column < columns; column++)
              sums[column] = (sums[column] as number) + left * (b.data[at + column * columnB] as number)
          }
          result.set(sums, (matrix * rows + row) * columns)
        }
      })
      return settle(dtype, result)
    },
  },
}
