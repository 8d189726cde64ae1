import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as t from '@grad-ts/tensor'
import type { Shape, Tensor } from '@grad-ts/tensor'

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
const seed = fc.integer({ min: 0, max: 1e6 })

const draw = (from: number, size: Shape): Tensor => t.evaluate(t.normal(t.key(from), size, { dtype: 'float64' }))
const same = (left: Tensor, right: Tensor): void => {
  expect(left.shape).toEqual(right.shape)
  expect(t.toArray(left)).toEqual(t.toArray(right))
}
const close = (left: Tensor, right: Tensor): void => {
  expect(left.shape).toEqual(right.shape)
  const [a, b] = [left, right].map((x) => t.evaluate(x).attributes.data) as unknown as [ArrayLike<number>, ArrayLike<number>]
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-10 * Math.max(1, Math.abs(b[i]!)))
}

const holds = (law: (x: Tensor, pick: (count: number) => number) => void): void => {
  fc.assert(
    fc.property(shape, seed, (size, from) => {
      let drawn = from
      law(draw(from, size), (count) => (drawn = (drawn * 48271 + 11) % 2147483647) % count)
    }),
    { numRuns: 60, seed: 7 },
  )
}

test('a transpose undoes itself', () => holds((x) => same(t.transpose(t.transpose(x)), x)))

test('reshaping there and back changes nothing', () => holds((x) => same(t.reshape(t.reshape(x, [-1]), x.shape), x)))

test('flip undoes itself, and roll by n and −n', () =>
  holds((x, pick) => {
    const axis = pick(x.shape.length)
    same(t.flip(t.flip(x, axis), axis), x)
    same(t.roll(t.roll(x, 3, axis), -3, axis), x)
    same(t.roll(x, x.shape[axis] as number, axis), x)
  }))

test('concat joins what split cuts', () =>
  holds((x, pick) => {
    const axis = pick(x.shape.length)
    const first = pick((x.shape[axis] as number) + 1)
    same(t.concat(t.split(x, [first, (x.shape[axis] as number) - first], axis), axis), x)
  }))

test('slicing inside a border gives the tensor back', () =>
  holds((x, pick) => {
    const widths = x.shape.map(() => [pick(3), pick(3)] as const)
    const cut = (padded: Tensor): Tensor =>
      t.slice(
        padded,
        widths.map(([before], axis) => ({ start: before, end: before + (x.shape[axis] as number) })),
      )
    same(cut(t.pad(x, widths, 9)), x)
    same(cut(t.padWith(x, widths, 'edge')), x)
  }))

test('sorting keeps the elements, in order, and topK is its beginning', () =>
  holds((x, pick) => {
    const axis = pick(x.shape.length)
    const length = x.shape[axis] as number
    const sorted = t.sort(x, { axis })
    const steps = t.sub(t.sliceAxis(sorted, axis, { start: 1 }), t.sliceAxis(sorted, axis, { end: length - 1 }))
    for (const step of t.evaluate(steps).attributes.data) expect(step).toBeGreaterThanOrEqual(0)
    close(t.sum(sorted, { axes: axis }), t.sum(x, { axes: axis }))
    same(t.topK(x, length, { axis }).values, t.flip(sorted, axis))
    same(t.takeAlongAxis(x, t.argSort(x, { axis }), axis), sorted)
  }))

test('reducing axis by axis is reducing all at once', () =>
  holds((x) => {
    for (const reduce of [t.sum, t.max, t.min, t.prod])
      close(
        x.shape.reduce<Tensor>((result) => reduce(result, { axes: 0 }), x),
        reduce(x),
      )
  }))

test('the last of the running sums and products is the whole', () =>
  holds((x, pick) => {
    const axis = pick(x.shape.length)
    const last = (y: Tensor): Tensor => t.sliceAxis(y, axis, { start: -1 })
    close(last(t.cumsum(x, { axis })), t.sum(x, { axes: axis, keepDims: true }))
    close(last(t.cumprod(x, axis)), t.prod(x, { axes: axis, keepDims: true }))
    close(last(t.cummax(x, axis)), t.max(x, { axes: axis, keepDims: true }))
    close(last(t.logCumSumExp(x, axis)), t.logSumExp(x, { axes: axis, keepDims: true }))
  }))

test('scatterAdd is the transpose of gather, and their along-axis twins of each other', () =>
  holds((x, pick) => {
    const axis = pick(x.shape.length)
    const length = x.shape[axis] as number
    const index = t.tensor(Int32Array.from({ length: 5 }, () => pick(length)))
    const picked = t.gather(x, index, axis)
    const y = draw(pick(1000), picked.shape)
    close(t.vdot(picked, y), t.vdot(x, t.scatterAdd(y, index, { axis, length })))
    const along = t.broadcastTo(
      t.reshape(
        index,
        x.shape.map((_, i) => (i === axis ? 5 : 1)),
      ),
      picked.shape,
    )
    close(t.vdot(t.takeAlongAxis(x, along, axis), y), t.vdot(x, t.scatterAddAlong(y, along, { axis, length })))
  }))

test('einsum is sums, transposes and products of matrices', () => {
  const [a, b] = [draw(1, [2, 3, 4]), draw(2, [2, 4, 5])]
  close(t.einsum('bij,bjk->bik', a, b), t.matmul(a, b))
  close(t.einsum('bij->jib', a), t.transpose(a))
  close(t.einsum('bij->', a), t.sum(a))
  close(t.einsum('bij,bjk', a, b), t.sum(t.matmul(a, b), { axes: 0 }))
  close(
    t.einsum('...j,...jk->...k', t.sliceAxis(a, 1, { end: 1 }), t.expandDims(b, 1)),
    t.squeeze(t.matmul(t.expandDims(t.sliceAxis(a, 1, { end: 1 }), 2), t.expandDims(b, 1)), 2),
  )
})

test('a convolution is the sum that its definition says, and its transpose is its transpose', () => {
  const [x, kernel] = [draw(3, [2, 4, 7, 6]), draw(4, [6, 2, 3, 2])]
  const options = {
    stride: [2, 1],
    dilation: [1, 2],
    padding: [
      [1, 0],
      [2, 1],
    ] as const,
    groups: 2,
  }
  const y = t.conv(x, kernel, options)
  const wide = t.pad(x, [
    [0, 0],
    [0, 0],
    [1, 0],
    [2, 1],
  ])
  const parts = [0, 1].map((group) => {
    const [own, filters] = [
      t.sliceAxis(wide, 1, { start: 2 * group, end: 2 * group + 2 }),
      t.sliceAxis(kernel, 0, { start: 3 * group, end: 3 * group + 3 }),
    ]
    const terms = [0, 1, 2].flatMap((i) =>
      [0, 1].map((j) => {
        const [rows, columns] = y.shape.slice(2) as [number, number]
        const seen = t.slice(own, [null, null, { start: i, end: i + 2 * rows - 1, step: 2 }, { start: 2 * j, end: 2 * j + columns }])
        return t.einsum(
          'nchw,oc->nohw',
          seen,
          t.squeeze(t.squeeze(t.slice(filters, [null, null, { start: i, end: i + 1 }, { start: j, end: j + 1 }]), 3), 2),
        )
      }),
    )
    return terms.reduce((total, term) => t.add(total, term))
  })
  close(y, t.concat(parts, 1))
  const back = t.convTranspose(draw(5, y.shape), kernel, { ...options, outputPadding: [(7 + 1 - 3) % 2, 0] })
  expect(back.shape).toEqual(x.shape)
  close(t.vdot(y, draw(5, y.shape)), t.vdot(x, back))
})

test('solving undoes multiplying, and the determinant is multiplicative', () => {
  const [a, b] = [draw(6, [3, 4, 4]), draw(7, [3, 4, 4])]
  close(t.solve(a, t.matmul(a, b)), b)
  close(t.matmul(t.inverse(a), a), t.broadcastTo(t.eye(4, 'float64'), [3, 4, 4]))
  close(t.determinant(t.matmul(a, b)), t.mul(t.determinant(a), t.determinant(b)))
  const { sign, logDeterminant } = t.signAndLogDeterminant(a)
  close(t.mul(sign, t.exp(logDeterminant)), t.determinant(a))
  const square = t.add(t.matmul(a, a, { transposeB: true }), t.eye(4, 'float64'))
  const lower = t.cholesky(square)
  close(t.matmul(lower, lower, { transposeB: true }), square)
  same(t.triu(lower, 1), t.zerosLike(lower))
  close(t.solveTriangular(lower, t.matmul(lower, b)), b)
  close(t.matrixPower(a, -2), t.inverse(t.matmul(a, a)))
})

test('a loop gives what its steps written out give', () => {
  const xs = draw(8, [5, 3])
  for (const reverse of [false, true]) {
    const run = (unroll: number) =>
      t.scan((carry: Tensor, x: Tensor) => [t.add(t.mul(carry, 0.5), x), t.sin(carry)] as const, draw(9, [3]), xs, { unroll, reverse })
    for (const part of [0, 1] as const) close(run(0)[part], run(16)[part])
  }
})

test('pooling keeps constants, averages keep means, and global pooling is a reduction', () => {
  const x = draw(10, [2, 3, 6, 4])
  const flat = t.full([1, 2, 5, 7], 3, 'float64')
  for (const pool of [
    t.maxPool(flat, 3, { padding: 1, stride: 2 }),
    t.avgPool(flat, 3, { padding: 1, countPadding: false }),
    t.adaptiveAvgPool(flat, [2, 3]),
  ])
    same(pool, t.full(pool.shape, 3, 'float64'))
  close(t.mean(t.avgPool(x, 2)), t.mean(x))
  close(t.adaptiveAvgPool(x, 1), t.reshape(t.globalAvgPool(x), [2, 3, 1, 1]))
  close(t.adaptiveMaxPool(x, 1), t.reshape(t.globalMaxPool(x), [2, 3, 1, 1]))
  close(t.maxPool(x, [6, 4]), t.adaptiveMaxPool(x, 1))
})

test('resizing by a whole factor and pooling back is the identity; linear resizing keeps straight lines', () => {
  const x = draw(11, [1, 2, 3, 4])
  same(t.avgPool(t.resize(x, [6, 8]), 2), x)
  const line = t.reshape(t.cast(t.arange(5), 'float64'), [1, 1, 5])
  close(t.resize(line, [9], { mode: 'linear', alignCorners: true }), t.mul(t.reshape(t.cast(t.arange(9), 'float64'), [1, 1, 9]), 0.5))
  same(t.resize(x, [3, 4], { mode: 'linear' }), x)
})
