import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Value } from '../python/values.ts'
import { isNumber } from '../python/values.ts'
import { aliases, functions, named } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'
import { eigen, orthogonal, singularValues } from './decomposition.ts'
import { norms } from './reduce.ts'

const input = (a: Arguments): Tensor => a.tensor('input')

/** `@`: vectors are rows on the left and columns on the right, and lose that axis again. */
export const product = (x: Tensor, y: Tensor): Tensor => {
  const [rows, columns] = [x.shape.length === 1 ? t.expandDims(x, 0) : x, y.shape.length === 1 ? t.expandDims(y, 1) : y]
  let result = t.matmul(rows, columns)
  if (y.shape.length === 1) result = t.squeeze(result, -1)
  return x.shape.length === 1 ? t.squeeze(result, y.shape.length === 1 ? -1 : -2) : result
}

const combined = (a: Arguments, value: Tensor): Tensor => t.add(t.mul(input(a), a.number('beta')), t.mul(value, a.number('alpha')))

const contracted: Handler = (a) => {
  const [x, y] = [a.tensor('a'), a.tensor('b')]
  const dims = a.raw('dims')
  const count = isNumber(dims) ? a.number('dims') : 0
  const [left, right] = isNumber(dims)
    ? [x.shape.slice(x.shape.length - count).map((_, i) => x.shape.length - count + i), y.shape.slice(0, count).map((_, i) => i)]
    : ((dims as Value[]).map((list) => (list as number[]).slice()) as [number[], number[]])
  const normal = (z: Tensor, axes: readonly number[]): number[] => axes.map((axis) => (axis < 0 ? axis + z.shape.length : axis))
  const [l, r] = [normal(x, left), normal(y, right)]
  const rest = (z: Tensor, axes: readonly number[]): number[] => [...z.shape.keys()].filter((axis) => !axes.includes(axis))
  const shape = [...rest(x, l).map((axis) => x.shape[axis] as number), ...rest(y, r).map((axis) => y.shape[axis] as number)]
  const inner = t.sizeOf(l.map((axis) => x.shape[axis] as number))
  const rows = t.reshape(t.transpose(x, [...rest(x, l), ...l]), [-1, inner])
  const columns = t.reshape(t.transpose(y, [...r, ...rest(y, r)]), [inner, -1])
  return t.reshape(t.matmul(rows, columns), shape)
}

const linear: Handler = (a) => {
  const [x, weight] = [input(a), a.tensor('weight')]
  const result = weight.shape.length === 1 ? product(x, weight) : product(x, t.swapAxes(weight))
  const bias = a.maybe('bias')
  return bias === undefined ? result : t.add(result, bias)
}

const bilinear: Handler = (a) => {
  const result = t.einsum('...i,oij,...j->...o', a.tensor('input1'), a.tensor('weight'), a.tensor('input2'))
  const bias = a.maybe('bias')
  return bias === undefined ? result : t.add(result, bias)
}

const trace: Handler = (a) => t.sum(t.diagonal(input(a)), { axes: -1 })

const symmetric = (x: Tensor): Tensor => t.mul(t.add(x, t.swapAxes(x)), 0.5)

const cholesky: Handler = (a) => {
  const lower = t.cholesky(symmetric(input(a)))
  return a.flag('upper') ? t.swapAxes(lower) : lower
}

const solved = (x: Tensor, y: Tensor): Tensor =>
  y.shape.length === x.shape.length - 1 ? t.squeeze(t.solve(x, t.expandDims(y, -1)), -1) : t.solve(x, y)

/** The inverse of a tall or wide matrix of full rank. */
const pseudoInverse = (x: Tensor): Tensor => {
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  const turned = t.swapAxes(x)
  return rows >= columns ? t.matmul(t.inverse(t.matmul(turned, x)), turned) : t.matmul(turned, t.inverse(t.matmul(x, turned)))
}

/** Scaling and squaring with Taylor's series. */
const exponential = (x: Tensor): Tensor => {
  const squarings = 8
  const small = t.div(x, 2 ** squarings)
  const unit = t.broadcastTo(t.eye(x.shape.at(-1) as number, x.dtype), x.shape)
  let result = unit
  for (let i = 12; i >= 1; i--) result = t.add(unit, t.div(t.matmul(small, result), i))
  for (let i = 0; i < squarings; i++) result = t.matmul(result, result)
  return result
}

const logDeterminant = (x: Tensor): Tensor => {
  const { sign, logDeterminant: size } = t.signAndLogDeterminant(x)
  return t.where(t.less(0, sign), size, Number.NaN)
}

const chained: Handler = (a) => a.tensors('tensors').reduce(product)

const cross: Handler = (a) => {
  const [x, y] = t.isTensor(a.maybe('other')) ? [input(a), a.tensor('other')] : [input(a), input(a)]
  const axis = a.maybeNumber('dim') ?? x.shape.indexOf(3)
  return t.cross(x, y, axis)
}

const triangular = (a: Arguments): Tensor => t.solveTriangular(input(a), a.tensor('b'), { upper: a.flag('upper') })

const base = functions({
  'addbmm(input, batch1, batch2, *, beta=1, alpha=1)': (a) =>
    combined(a, t.sum(t.matmul(a.tensor('batch1'), a.tensor('batch2')), { axes: 0 })),
  'addmm(input, mat1, mat2, *, beta=1, alpha=1)': (a) => combined(a, t.matmul(a.tensor('mat1'), a.tensor('mat2'))),
  'addmv(input, mat, vec, *, beta=1, alpha=1)': (a) => combined(a, product(a.tensor('mat'), a.tensor('vec'))),
  'addr(input, vec1, vec2, *, beta=1, alpha=1)': (a) => combined(a, t.outer(a.tensor('vec1'), a.tensor('vec2'))),
  'baddbmm(input, batch1, batch2, *, beta=1, alpha=1)': (a) => combined(a, t.matmul(a.tensor('batch1'), a.tensor('batch2'))),
  'bilinear(input1, input2, weight, bias=None)': bilinear,
  'chain_matmul(*tensors)': chained,
  'cholesky(input, upper=False)': cholesky,
  'cholesky_solve(input, factor, upper=False)': (a) => {
    const lower = a.flag('upper') ? t.swapAxes(a.tensor('factor')) : a.tensor('factor')
    return t.solveTriangular(t.swapAxes(lower), t.solveTriangular(lower, input(a)), { upper: true })
  },
  'cross(input, other, dim=None)': cross,
  'det(input)': (a) => t.determinant(input(a)),
  'dot(input, other)': (a) => t.dot(input(a), a.tensor('other')),
  'einsum(equation, *operands)': (a) => t.einsum(a.text('equation'), ...a.tensors('operands')),
  'inner(input, other)': (a) => {
    const [x, y] = [input(a), a.tensor('other')]
    return x.shape.length === 0 || y.shape.length === 0
      ? t.mul(x, y)
      : t.reshape(
          t.matmul(t.reshape(x, [-1, x.shape.at(-1) as number]), t.reshape(y, [-1, y.shape.at(-1) as number]), { transposeB: true }),
          [...x.shape.slice(0, -1), ...y.shape.slice(0, -1)],
        )
  },
  'inverse(input)': (a) => t.inverse(input(a)),
  'kron(input, other)': (a) => t.kron(input(a), a.tensor('other')),
  'linear(input, weight, bias=None)': linear,
  'logdet(input)': (a) => logDeterminant(input(a)),
  'matmul(input, other)': (a) => product(...(a.promoted('input', 'other') as [Tensor, Tensor])),
  'matrix_exp(input)': (a) => exponential(input(a)),
  'matrix_power(input, n)': (a) => t.matrixPower(input(a), a.number('n')),
  'multi_dot(tensors)': chained,
  'outer(input, other)': (a) => t.outer(input(a), a.tensor('other')),
  'pinverse(input)': (a) => pseudoInverse(input(a)),
  'slogdet(input)': (a) => {
    const { sign, logDeterminant: logabsdet } = t.signAndLogDeterminant(input(a))
    return named({ sign, logabsdet })
  },
  'solve(input, b)': (a) => solved(input(a), a.tensor('b')),
  'solve_triangular(input, b, *, upper)': triangular,
  'tensordot(a, b, dims=2)': contracted,
  'trace(input)': trace,
  'vecdot(input, other, *, dim=-1)': (a) => t.sum(t.mul(input(a), a.tensor('other')), { axes: a.number('dim') }),
})

const triangularSolve = functions({
  'triangular_solve(b, input, upper=True, transpose=False, unitriangular=False)': (a) => named({ solution: triangular(a) }),
})

/** Products of matrices. */
export const products = new Map([
  ...triangularSolve,
  ...base,
  ...aliases(base, { dot: 'vdot', inverse: 'inv', matmul: 'mm bmm mv', outer: 'ger', pinverse: 'pinv' }),
])

const decompositions = functions({
  'cond(input, p=None)': (a) => {
    const values = singularValues(input(a))
    return t.div(t.max(values, { axes: -1 }), t.min(values, { axes: -1 }))
  },
  'diagonal(input, *, offset=0, dim1=-2, dim2=-1)': (a) =>
    t.diagonal(input(a), { offset: a.number('offset'), axes: [a.number('dim1'), a.number('dim2')] }),
  "eigh(input, UPLO='L')": (a) => {
    const { values, vectors } = eigen(input(a))
    return named({ eigenvalues: values, eigenvectors: vectors })
  },
  "eigvalsh(input, UPLO='L')": (a) => eigen(input(a)).values,
  'lstsq(input, b)': (a) => named({ solution: t.matmul(pseudoInverse(input(a)), a.tensor('b')) }),
  "qr(input, mode='reduced')": (a) => named({ ...orthogonal(input(a)) }),
  'svdvals(input)': (a) => singularValues(input(a)),
  'vander(input, *, N=None)': (a) =>
    t.stack(
      Array.from({ length: a.maybeNumber('N') ?? (input(a).shape.at(-1) as number) }, (_, i) => t.pow(input(a), i)),
      -1,
    ),
})

/** `torch.linalg`. */
export const linalg = new Map([...products, ...norms, ...decompositions])
