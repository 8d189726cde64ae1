import * as t from '@grad-ts/tensor'
import type { ReduceOptions, Tensor } from '@grad-ts/tensor'
import { singularValues } from './decomposition.ts'
import { Box } from '../python/values.ts'
import { aliases, functions, named } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'

const options = (a: Arguments): ReduceOptions => {
  const axes = a.maybeNumbers('dim')
  return { ...(axes === undefined || axes.length === 0 ? {} : { axes }), keepDims: a.has('keepdim') && a.flag('keepdim') }
}

const reduction =
  (fn: (x: Tensor, options: ReduceOptions) => Tensor): Handler =>
  (a) =>
    fn(a.tensor('input'), options(a))

/** A sum of truth values counts them. */
const summable = (x: Tensor): Tensor => (x.dtype === 'bool' ? t.cast(x, 'int32') : x)

const withoutNaN = (x: Tensor): Tensor => {
  const missing = t.isNaN(x)
  return t.where(missing, 0, t.where(missing, 0, x))
}

const correctionOf = (a: Arguments): number => {
  if (a.has('correction')) return a.number('correction')
  const unbiased = a.raw('unbiased')
  return unbiased === false ? 0 : 1
}

/** `std(x, False)` names the correction where `std(x, 1)` names the axis. */
const spread = (a: Arguments): Tensor => {
  const flag = a.raw('dim')
  if (typeof flag === 'boolean') return t.variance(a.tensor('input'), { correction: Number(flag) })
  return t.variance(a.tensor('input'), { ...options(a), correction: correctionOf(a) })
}

/** The k-th element in ascending order along an axis, from 0. */
const ranked = (x: Tensor, k: number, axis: number, keepDims: boolean): { readonly values: Tensor; readonly indices: Tensor } => {
  const sorted = t.argSort(x, { axis })
  const position = t.sliceAxis(sorted, axis, { start: k, end: k + 1 })
  const [values, indices] = [t.takeAlongAxis(x, position, axis), position]
  return keepDims ? { values, indices } : { values: t.squeeze(values, axis), indices: t.squeeze(indices, axis) }
}

const along = (a: Arguments, fallback = -1): number => (a.has('dim') ? a.number('dim') : fallback)

/** `max(x)` is a number, `max(x, 1)` values and places, `max(x, y)` elementwise. */
const extreme =
  (whole: typeof t.max, places: typeof t.argMax, pair: typeof t.maximum): Handler =>
  (a) => {
    const x = a.tensor('input')
    if (!a.has('dim')) return whole(x)
    const second = a.raw('dim')
    if (second instanceof Box) return pair(x, second.value)
    const axis = a.number('dim')
    const indices = places(x, { axis, keepDims: true })
    const values = t.takeAlongAxis(x, indices, axis)
    return a.flag('keepdim') ? named({ values, indices }) : named({ values: t.squeeze(values, axis), indices: t.squeeze(indices, axis) })
  }

const place =
  (fn: typeof t.argMax): Handler =>
  (a) => {
    const x = a.tensor('input')
    return a.has('dim') ? fn(x, { axis: a.number('dim'), keepDims: a.flag('keepdim') }) : fn(t.reshape(x, [-1]))
  }

const middle: Handler = (a) => {
  const x = a.tensor('input')
  const flat = t.reshape(x, [-1])
  if (!a.has('dim')) return ranked(flat, Math.floor((flat.shape[0] as number) - 1) >> 1, 0, false).values
  const axis = a.number('dim')
  return named(ranked(x, ((x.shape.at(axis) as number) - 1) >> 1, axis, a.flag('keepdim')))
}

const quantileOf = (x: Tensor, q: number, axis: number, keepDims: boolean, mode: string): Tensor => {
  const position = q * ((x.shape.at(axis) as number) - 1)
  const [low, high] = [Math.floor(position), Math.ceil(position)]
  const weight =
    { linear: position - low, lower: 0, higher: 1, midpoint: low === high ? 0 : 0.5, nearest: Math.round(position - low) }[mode] ??
    position - low
  const [below, above] = [low, high].map((k) => ranked(x, k, axis, keepDims).values) as [Tensor, Tensor]
  return t.add(below, t.mul(t.sub(above, below), weight))
}

const quantile: Handler = (a) => {
  const x = a.has('dim') ? a.tensor('input') : t.reshape(a.tensor('input'), [-1])
  const parts = a.numbers('q').map((q) => quantileOf(x, q, along(a, 0), a.flag('keepdim'), a.text('interpolation')))
  const single = !(a.raw('q') instanceof Box) || a.tensor('q').shape.length === 0
  return single ? (parts[0] as Tensor) : t.stack(parts)
}

/** Vector norms of any order. */
export const vectorNorm = (x: Tensor, order: number, opts: ReduceOptions): Tensor => {
  if (order === 2) return t.norm(x, opts)
  if (order === Infinity) return t.max(t.abs(x), opts)
  if (order === -Infinity) return t.min(t.abs(x), opts)
  if (order === 0) return t.sum(t.cast(t.notEqual(x, 0), x.dtype), opts)
  if (order === 1) return t.absoluteSum(x, opts)
  return t.pow(t.sum(t.pow(t.abs(x), order), opts), 1 / order)
}

// `torch.norm(x, 2, (0, 1))` is the norm of all elements; `torch.linalg.norm(x, 2)` the largest singular value.
const matrixNorm = (x: Tensor, order: number | string, axes: readonly [number, number], keepDims: boolean): Tensor => {
  if (order === 'fro') return t.norm(x, { axes, keepDims })
  if (order === 'nuc') return t.sum(singularValues(x), { axes: -1 })
  if (Math.abs(order as number) === 2) return (order === 2 ? t.max : t.min)(singularValues(x), { axes: -1 })
  const [inside, outside] = Math.abs(order as number) === 1 ? [axes[0], axes[1]] : [axes[1], axes[0]]
  const sums = t.absoluteSum(x, { axes: inside, keepDims: true })
  const result = (order as number) > 0 ? t.max(sums, { axes: outside, keepDims: true }) : t.min(sums, { axes: outside, keepDims: true })
  return keepDims
    ? result
    : t.reshape(
        result,
        x.shape.filter((_, axis) => !axes.some((one) => (one + x.shape.length) % x.shape.length === axis)),
      )
}

const orderOf = (a: Arguments, name: string): number | string | undefined => {
  const value = a.raw(name)
  if (value === null) return undefined
  return typeof value === 'string' ? (value === 'inf' ? Infinity : value) : a.number(name)
}

const anyNorm = (a: Arguments, name: string): Tensor => {
  const [x, order, axes] = [a.tensor('input'), orderOf(a, name), a.maybeNumbers('dim')]
  const flat = order === 2 && name === 'p'
  const matrix = !flat && order !== undefined && (axes?.length === 2 || (axes === undefined && x.shape.length === 2 && name === 'ord'))
  if (matrix) return matrixNorm(x, order, (axes ?? [-2, -1]) as unknown as readonly [number, number], a.flag('keepdim'))
  return vectorNorm(x, typeof order === 'number' ? order : 2, options(a))
}

const differences: Handler = (a) => {
  const axis = along(a)
  let x = a.tensor('input')
  for (let i = 0; i < a.number('n'); i++) x = t.sub(t.sliceAxis(x, axis, { start: 1 }), t.sliceAxis(x, axis, { end: -1 }))
  return x
}

const trapezoids = (a: Arguments): Tensor => {
  const [y, axis] = [a.tensor('y'), along(a)]
  const middles = t.mul(t.add(t.sliceAxis(y, axis, { start: 1 }), t.sliceAxis(y, axis, { end: -1 })), 0.5)
  const x = a.maybe('x')
  if (x === undefined) return t.mul(middles, a.number('dx'))
  return t.mul(middles, t.sub(t.sliceAxis(x, axis, { start: 1 }), t.sliceAxis(x, axis, { end: -1 })))
}

const covariance = (x: Tensor, correction: number): Tensor => {
  const rows = t.reshape(x, [x.shape.length === 1 ? 1 : (x.shape[0] as number), -1])
  const centered = t.sub(rows, t.mean(rows, { axes: 1, keepDims: true }))
  const product = t.div(t.matmul(centered, centered, { transposeB: true }), (rows.shape[1] as number) - correction)
  return x.shape.length === 1 ? t.reshape(product, []) : product
}

const correlations = (x: Tensor): Tensor => {
  const matrix = covariance(x, 1)
  const deviations = t.sqrt(t.diagonal(matrix))
  return t.div(matrix, t.outer(deviations, deviations))
}

const pairwise = (x: Tensor, y: Tensor, p: number): Tensor => vectorNorm(t.sub(t.expandDims(x, -2), t.expandDims(y, -3)), p, { axes: -1 })

const running =
  (fn: (x: Tensor, axis: number) => Tensor, better: (a: Tensor, b: Tensor) => Tensor): Handler =>
  (a) => {
    const [x, axis] = [a.tensor('input'), a.number('dim')]
    const values = fn(x, axis)
    // The last place where the running value was reached.
    const places = t.broadcastTo(
      t.reshape(
        t.arange(x.shape.at(axis) as number),
        x.shape.map((length, i) => (i === (axis + x.shape.length) % x.shape.length ? length : 1)),
      ),
      x.shape,
    )
    return named({ values, indices: t.cast(t.cummax(t.cast(t.where(better(x, values), places, 0), 'float32'), axis), 'int32') })
  }

const sorted: Handler = (a) => {
  const [axis, descending] = [along(a), a.flag('descending')]
  const indices = t.argSort(a.tensor('input'), { axis, descending })
  return named({ values: t.takeAlongAxis(a.tensor('input'), indices, axis), indices })
}

/** How many boundaries lie below (or at) each element. */
const placesBetween = (boundaries: Tensor, x: Tensor, right: boolean): Tensor =>
  t.sum(t.cast((right ? t.lessEqual : t.less)(boundaries, t.expandDims(x, -1)), 'int32'), { axes: -1 })

const renormalized: Handler = (a) => {
  const [x, axis] = [a.tensor('input'), a.number('dim')]
  const others = [...x.shape.keys()].filter((i) => i !== (axis + x.shape.length) % x.shape.length)
  const size = vectorNorm(x, a.number('p'), { axes: others, keepDims: true })
  const limit = a.number('maxnorm')
  return t.mul(x, t.where(t.less(limit, size), t.div(limit, t.add(size, 1e-7)), 1))
}

const base = functions({
  'all(input, dim=None, keepdim=False)': reduction((x, opts) => t.all(t.cast(x, 'bool'), opts)),
  'amax(input, dim=None, keepdim=False)': reduction(t.max),
  'amin(input, dim=None, keepdim=False)': reduction(t.min),
  'allclose(input, other, rtol=1e-5, atol=1e-8)': (a) => {
    const [x, y] = ['input', 'other'].map((name) => a.tensor(name)) as [Tensor, Tensor]
    const near = t.lessEqual(t.abs(t.sub(x, y)), t.add(t.mul(t.abs(y), a.number('rtol')), a.number('atol')))
    return a.known(t.all(near)).attributes.data[0] === 1
  },
  'aminmax(input, *, dim=None, keepdim=False)': (a) =>
    named({ min: t.min(a.tensor('input'), options(a)), max: t.max(a.tensor('input'), options(a)) }),
  'any(input, dim=None, keepdim=False)': reduction((x, opts) => t.any(t.cast(x, 'bool'), opts)),
  'argmax(input, dim=None, keepdim=False)': place(t.argMax),
  'argmin(input, dim=None, keepdim=False)': place(t.argMin),
  'argsort(input, dim=-1, descending=False, stable=False)': (a) =>
    t.argSort(a.tensor('input'), { axis: along(a), descending: a.flag('descending') }),
  'bucketize(input, boundaries, *, out_int32=False, right=False)': (a) =>
    placesBetween(a.tensor('boundaries'), a.tensor('input'), a.flag('right')),
  'cdist(input, other, p=2)': (a) => pairwise(a.tensor('input'), a.tensor('other'), a.number('p')),
  'corrcoef(input)': (a) => correlations(a.tensor('input')),
  'count_nonzero(input, dim=None)': (a) => t.sum(t.cast(t.cast(a.tensor('input'), 'bool'), 'int32'), options(a)),
  'cov(input, *, correction=1)': (a) => covariance(a.tensor('input'), a.number('correction')),
  'cummax(input, dim)': running(t.cummax, t.greaterEqual),
  'cummin(input, dim)': running(t.cummin, t.lessEqual),
  'cumprod(input, dim, *, dtype=None)': (a) => t.cumprod(a.tensor('input'), a.number('dim')),
  'cumsum(input, dim, *, dtype=None)': (a) => t.cumsum(summable(a.tensor('input')), { axis: a.number('dim') }),
  'cumulative_trapezoid(y, x=None, *, dx=1, dim=-1)': (a) => t.cumsum(trapezoids(a), { axis: along(a) }),
  'diff(input, n=1, dim=-1)': differences,
  'dist(input, other, p=2)': (a) => vectorNorm(t.sub(a.tensor('input'), a.tensor('other')), a.number('p'), {}),
  'equal(input, other)': (a) =>
    t.sameShape(a.tensor('input').shape, a.tensor('other').shape) &&
    a.known(t.all(t.equal(a.tensor('input'), a.tensor('other')))).attributes.data[0] === 1,
  'kthvalue(input, k, dim=-1, keepdim=False)': (a) => named(ranked(a.tensor('input'), a.number('k') - 1, along(a), a.flag('keepdim'))),
  'logcumsumexp(input, dim)': (a) => t.logCumSumExp(a.tensor('input'), a.number('dim')),
  'logsumexp(input, dim, keepdim=False)': reduction(t.logSumExp),
  'max(input, dim=None, keepdim=False)': extreme(t.max, t.argMax, t.maximum),
  'mean(input, dim=None, keepdim=False, *, dtype=None)': (a) =>
    t.mean(t.isFloat(a.tensor('input').dtype) ? a.tensor('input') : t.cast(a.tensor('input'), a.float), options(a)),
  'median(input, dim=None, keepdim=False)': middle,
  'min(input, dim=None, keepdim=False)': extreme(t.min, t.argMin, t.minimum),
  'msort(input)': (a) => t.sort(a.tensor('input'), { axis: 0 }),
  'nanmean(input, dim=None, keepdim=False)': reduction((x, opts) =>
    t.div(t.sum(withoutNaN(x), opts), t.sum(t.cast(t.not(t.isNaN(x)), x.dtype), opts)),
  ),
  'nansum(input, dim=None, keepdim=False)': reduction((x, opts) => t.sum(withoutNaN(x), opts)),
  'norm(input, p=2, dim=None, keepdim=False)': (a) => anyNorm(a, 'p'),
  'prod(input, dim=None, keepdim=False, *, dtype=None)': reduction(t.prod),
  "quantile(input, q, dim=None, keepdim=False, *, interpolation='linear')": quantile,
  'renorm(input, p, dim, maxnorm)': renormalized,
  'searchsorted(sorted_sequence, input, *, out_int32=False, right=False)': (a) =>
    placesBetween(a.tensor('sorted_sequence'), a.tensor('input'), a.flag('right')),
  'sort(input, dim=-1, descending=False, stable=False)': sorted,
  'std(input, dim=None, unbiased=None, keepdim=False, *, correction=None)': (a) => t.sqrt(spread(a)),
  'std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None)': (a) => [
    t.sqrt(spread(a)),
    t.mean(a.tensor('input'), options(a)),
  ],
  'sum(input, dim=None, keepdim=False, *, dtype=None)': reduction((x, opts) => t.sum(summable(x), opts)),
  'sum_to_size(input, *size)': (a) => {
    const [x, size] = [a.tensor('input'), a.numbers('size')]
    const lead = x.shape.length - size.length
    const axes = [...x.shape.keys()].filter((axis) => axis < lead || (size[axis - lead] === 1 && x.shape[axis] !== 1))
    return t.reshape(t.sum(x, { axes }), size)
  },
  'topk(input, k, dim=-1, largest=True, sorted=True)': (a) =>
    named(t.topK(a.tensor('input'), a.number('k'), { axis: along(a), largest: a.flag('largest') })),
  'trapezoid(y, x=None, *, dx=1, dim=-1)': (a) => t.sum(trapezoids(a), { axes: along(a) }),
  'var(input, dim=None, unbiased=None, keepdim=False, *, correction=None)': spread,
  'var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None)': (a) => [spread(a), t.mean(a.tensor('input'), options(a))],
})

/** Reductions, running reductions and orders. */
export const reductions = new Map([...base, ...aliases(base, { median: 'nanmedian', quantile: 'nanquantile', trapezoid: 'trapz' })])

/** `torch.linalg`'s norms. */
export const norms = functions({
  "matrix_norm(input, ord='fro', dim=None, keepdim=False)": (a) =>
    matrixNorm(
      a.tensor('input'),
      orderOf(a, 'ord') as number | string,
      (a.maybeNumbers('dim') ?? [-2, -1]) as unknown as readonly [number, number],
      a.flag('keepdim'),
    ),
  'norm(input, ord=None, dim=None, keepdim=False)': (a) => anyNorm(a, 'ord'),
  'vector_norm(input, ord=2, dim=None, keepdim=False)': (a) => vectorNorm(a.tensor('input'), a.number('ord'), options(a)),
})
