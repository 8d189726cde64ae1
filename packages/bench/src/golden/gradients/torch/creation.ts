import * as t from '@grad-ts/tensor'
import type { DType, Tensor } from '@grad-ts/tensor'
import { Box, isNumber, numberOf } from '../python/values.ts'
import type { Value } from '../python/values.ts'
import { aliases, dtypeOfNumbers, functions, tensorOf } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'

const sizes = (a: Arguments): number[] => a.numbers('size')
const like = (a: Arguments): Tensor => a.tensor('input')
const dtypeOf = (a: Arguments, otherwise: DType): DType => a.dtype('dtype') ?? otherwise

const filled =
  (value: number): Handler =>
  (a) =>
    t.full(sizes(a), dtypeOf(a, a.float) === 'bool' ? value !== 0 : value, dtypeOf(a, a.float))

const filledLike =
  (value: number): Handler =>
  (a) =>
    t.full(like(a).shape, dtypeOf(a, like(a).dtype) === 'bool' ? value !== 0 : value, dtypeOf(a, like(a).dtype))

const boxesIn = (value: Value): boolean => value instanceof Box || (Array.isArray(value) && value.some(boxesIn))

const made: Handler = (a) => {
  const data = a.raw('data')
  if (boxesIn(data)) return stackedData(data)
  return tensorOf(data, dtypeOf(a, dtypeOfNumbers(data, a.float)))
}

const stackedData = (data: Value): Tensor =>
  data instanceof Box ? data.value : t.stack((data as Value[]).map((item) => (isNumber(item) ? numberOf(item) : stackedData(item))))

const counted: Handler = (a) => {
  const [first, second, step] = ['start', 'end', 'step'].map((name) => a.maybeNumber(name))
  const [start, end, by] = second === undefined ? [0, first as number, 1] : [first as number, second, step ?? 1]
  const whole = ['start', 'end', 'step'].map((name) => a.raw(name)).filter((value) => value !== null)
  const values = Array.from({ length: Math.max(0, Math.ceil((end - start) / by)) }, (_, i) => start + i * by)
  return t.tensor(values, { dtype: dtypeOf(a, dtypeOfNumbers(whole, a.float)), shape: [values.length] })
}

const spaced = (a: Arguments): number[] => {
  const [start, end, steps] = [a.number('start'), a.number('end'), a.number('steps')]
  return Array.from({ length: steps }, (_, i) => (steps === 1 ? start : start + ((end - start) * i) / (steps - 1)))
}

const identity: Handler = (a) => {
  const [n, m] = [a.number('n'), a.maybeNumber('m') ?? a.number('n')]
  const values = Array.from({ length: n * m }, (_, i) => Number(Math.floor(i / m) === i % m))
  return t.tensor(Float64Array.from(values), { shape: [n, m], dtype: dtypeOf(a, a.float) })
}

const triangle =
  (inside: (row: number, column: number, offset: number) => boolean): Handler =>
  (a) => {
    const [rows, columns, offset] = [a.number('row'), a.number('col'), a.number('offset')]
    const cells = Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns] as const).filter(([r, c]) =>
      inside(r, c, offset),
    )
    return t.tensor(Int32Array.from([...cells.map(([r]) => r), ...cells.map(([, c]) => c)]), { shape: [2, cells.length] })
  }

const kept = 'dtype=None, device=None, requires_grad=False'

const base = functions({
  [`arange(start, end=None, step=None, *, ${kept})`]: counted,
  [`as_tensor(data, ${kept})`]: made,
  [`eye(n, m=None, *, ${kept})`]: identity,
  [`full(size, fill_value, *, ${kept})`]: (a) => {
    const value = a.raw('fill_value')
    if (value instanceof Box) return t.broadcastTo(value.value, sizes(a))
    const dtype = dtypeOf(a, dtypeOfNumbers(value, a.float))
    return t.broadcastTo(tensorOf(value, dtype), sizes(a))
  },
  [`full_like(input, fill_value, *, ${kept})`]: (a) =>
    t.broadcastTo(t.cast(a.tensor('fill_value'), dtypeOf(a, like(a).dtype)), like(a).shape),
  [`linspace(start, end, steps, *, ${kept})`]: (a) => t.tensor(spaced(a), { dtype: dtypeOf(a, a.float) }),
  [`logspace(start, end, steps, base=10, *, ${kept})`]: (a) =>
    t.tensor(
      spaced(a).map((x) => a.number('base') ** x),
      { dtype: dtypeOf(a, a.float) },
    ),
  [`new_full(input, size, fill_value, ${kept})`]: (a) => t.broadcastTo(t.cast(a.tensor('fill_value'), dtypeOf(a, like(a).dtype)), sizes(a)),
  [`new_ones(input, *size, ${kept})`]: (a) => t.full(sizes(a), 1, dtypeOf(a, like(a).dtype)),
  [`new_tensor(input, data, ${kept})`]: (a) => tensorOf(a.raw('data'), dtypeOf(a, like(a).dtype)),
  [`new_zeros(input, *size, ${kept})`]: (a) => t.full(sizes(a), 0, dtypeOf(a, like(a).dtype)),
  [`ones(*size, ${kept})`]: filled(1),
  [`ones_like(input, *, ${kept})`]: filledLike(1),
  [`tensor(data, *, ${kept})`]: made,
  [`tril_indices(row, col, offset=0, *, ${kept})`]: triangle((row, column, offset) => column <= row + offset),
  [`triu_indices(row, col, offset=0, *, ${kept})`]: triangle((row, column, offset) => column >= row + offset),
  [`zeros(*size, ${kept})`]: filled(0),
  [`zeros_like(input, *, ${kept})`]: filledLike(0),
})

/** Functions that make tensors of numbers. */
export const creation = new Map([...base, ...aliases(base, { zeros: 'empty', zeros_like: 'empty_like', new_zeros: 'new_empty' })])
