import * as t from '@grad-ts/tensor'
import type { Padding, Tensor } from '@grad-ts/tensor'
import { aliases, functions } from './arguments.ts'
import type { Arguments, Functions, Handler, Result } from './arguments.ts'

const input = (a: Arguments): Tensor => a.tensor('input')

/** Runs on a batch of one where the batch axis is left out. */
const batched = (a: Arguments, rank: number, fn: (x: Tensor) => Tensor): Tensor => {
  const x = input(a)
  return x.shape.length === rank + 1 ? t.squeeze(fn(t.expandDims(x, 0)), 0) : fn(x)
}

const withBias = (y: Tensor, bias: Tensor | undefined): Tensor =>
  bias === undefined ? y : t.add(y, t.reshape(bias, [-1, ...y.shape.slice(2).map(() => 1)]))

const paddingOf = (a: Arguments, rank: number): Padding => {
  const text = a.maybeText('padding')
  return text === 'same' || text === 'valid' ? text : a.each('padding', rank)
}

const conv =
  (rank: number): Handler =>
  (a) =>
    batched(a, rank, (x) =>
      withBias(
        t.conv(x, a.tensor('weight'), {
          stride: a.each('stride', rank),
          padding: paddingOf(a, rank),
          dilation: a.each('dilation', rank),
          groups: a.number('groups'),
        }),
        a.maybe('bias'),
      ),
    )

const convTranspose =
  (rank: number): Handler =>
  (a) =>
    batched(a, rank, (x) =>
      withBias(
        t.convTranspose(x, a.tensor('weight'), {
          stride: a.each('stride', rank),
          padding: a.each('padding', rank),
          outputPadding: a.each('output_padding', rank),
          dilation: a.each('dilation', rank),
          groups: a.number('groups'),
        }),
        a.maybe('bias'),
      ),
    )

const windowOf = (a: Arguments, rank: number): t.PoolOptions => ({
  ...(a.has('stride') && a.numbers('stride').length > 0 ? { stride: a.each('stride', rank) } : {}),
  ...(a.has('padding') ? { padding: a.each('padding', rank) } : {}),
  ...(a.has('dilation') ? { dilation: a.each('dilation', rank) } : {}),
  ceiling: a.flag('ceil_mode'),
})

const maxPool =
  (rank: number): Handler =>
  (a) => {
    const kernel = a.each('kernel_size', rank)
    const pooled = batched(a, rank, (x) => t.maxPool(x, kernel, windowOf(a, rank)))
    if (!a.flag('return_indices')) return pooled
    const flat = (y: Tensor): Tensor => t.reshape(y, [...y.shape.slice(0, -rank), -1])
    // The first place in the plane that holds the maximum of its window.
    const x = flat(input(a))
    const found = t.argMax(t.cast(t.equal(t.expandDims(x, -2), t.expandDims(flat(pooled), -1)), 'float32'))
    return [pooled, t.reshape(found, pooled.shape)]
  }

const avgPool =
  (rank: number): Handler =>
  (a) =>
    batched(a, rank, (x) => {
      const kernel = a.each('kernel_size', rank)
      const divisor = a.maybeNumber('divisor_override')
      const pooled = t.avgPool(x, kernel, { ...windowOf(a, rank), countPadding: a.flag('count_include_pad') || divisor !== undefined })
      return divisor === undefined ? pooled : t.mul(pooled, t.sizeOf(kernel) / divisor)
    })

const lpPool =
  (rank: number): Handler =>
  (a) =>
    batched(a, rank, (x) => {
      // As torch does: a mean over what lies inside, times the whole window.
      const [p, kernel] = [a.number('norm_type'), a.each('kernel_size', rank)]
      const total = t.mul(t.avgPool(t.pow(x, p), kernel, windowOf(a, rank)), t.sizeOf(kernel))
      return t.pow(t.mul(t.sign(total), t.relu(t.abs(total))), 1 / p)
    })

/** Puts pooled elements back at their places. */
const unpool =
  (rank: number): Handler =>
  (a) => {
    const [x, indices] = [input(a), a.tensor('indices')]
    const kernel = a.each('kernel_size', rank)
    const [stride, padding] = [a.has('stride') ? a.each('stride', rank) : kernel, a.each('padding', rank)]
    const lead = x.shape.slice(0, -rank)
    const usual = x.shape.slice(-rank).map((length, i) => (length - 1) * stride[i]! - 2 * padding[i]! + kernel[i]!)
    const spatial = a.has('output_size') ? a.numbers('output_size').slice(-rank) : usual
    const [values, places] = [x, indices].map((part) => t.reshape(part, [...lead, -1])) as [Tensor, Tensor]
    return t.reshape(t.scatterAddAlong(values, places, { length: t.sizeOf(spatial) }), [...lead, ...spatial])
  }

const adaptive =
  (fn: typeof t.adaptiveAvgPool, rank: number): Handler =>
  (a) => {
    const list = a.raw('output_size')
    return batched(a, rank, (x) => {
      const sizes = Array.isArray(list)
        ? list.map((size, i) => (size === null ? (x.shape[i + 2] as number) : Number(size)))
        : a.each('output_size', rank)
      return fn(x, sizes)
    })
  }

const resizeModes = {
  nearest: 'nearest',
  'nearest-exact': 'nearestExact',
  linear: 'linear',
  bilinear: 'linear',
  trilinear: 'linear',
  bicubic: 'cubic',
} as const

const interpolate: Handler = (a) => {
  const x = input(a)
  const spatial = x.shape.slice(2)
  const scales = a.has('scale_factor') ? a.each('scale_factor', spatial.length) : undefined
  const sizes = a.has('size') ? a.each('size', spatial.length) : spatial.map((length, i) => Math.floor(length * (scales?.[i] as number)))
  const mode = a.text('mode')
  if (mode === 'area') return t.adaptiveAvgPool(x, sizes)
  const kept = scales === undefined || a.flag('recompute_scale_factor') ? {} : { scales }
  return t.resize(x, sizes, { mode: resizeModes[mode as keyof typeof resizeModes], alignCorners: a.flag('align_corners'), ...kept })
}

interface Patches {
  readonly places: Int32Array
  readonly count: number
  readonly size: number
}

/** Where each element of each patch lies in the padded image, patches last. */
const patches = (a: Arguments, height: number, width: number): Patches => {
  const [kernel, dilation, stride] = ['kernel_size', 'dilation', 'stride'].map((name) => a.each(name, 2)) as [number[], number[], number[]]
  const counts = [height, width].map((length, i) => Math.floor((length - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1) as [
    number,
    number,
  ]
  const size = kernel[0]! * kernel[1]!
  const count = counts[0] * counts[1]
  const places = Int32Array.from({ length: size * count }, (_, i) => {
    const [k, p] = [Math.floor(i / count), i % count]
    const row = Math.floor(p / counts[1]) * stride[0]! + Math.floor(k / kernel[1]!) * dilation[0]!
    return row * width + (p % counts[1]) * stride[1]! + (k % kernel[1]!) * dilation[1]!
  })
  return { places, count, size }
}

const unfold: Handler = (a) => {
  const x = input(a)
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const [top, left] = a.each('padding', 2) as [number, number]
  const wide = t.pad(x, [
    [0, 0],
    [0, 0],
    [top, top],
    [left, left],
  ])
  const { places, count, size } = patches(a, height + 2 * top, width + 2 * left)
  return t.reshape(t.gather(t.reshape(wide, [batch, channels, -1]), t.tensor(places), 2), [batch, channels * size, count])
}

const fold: Handler = (a) => {
  const x = input(a)
  const [batch] = x.shape as [number]
  const [height, width] = a.each('output_size', 2) as [number, number]
  const [top, left] = a.each('padding', 2) as [number, number]
  const { places, size } = patches(a, height + 2 * top, width + 2 * left)
  const channels = (x.shape[1] as number) / size
  const sums = t.scatterAdd(t.reshape(x, [batch, channels, -1]), t.tensor(places), {
    axis: 2,
    length: (height + 2 * top) * (width + 2 * left),
  })
  return t.slice(t.reshape(sums, [batch, channels, height + 2 * top, width + 2 * left]), [
    null,
    null,
    { start: top, end: top + height },
    { start: left, end: left + width },
  ])
}

const affineGrid: Handler = (a) => {
  const [batch, , height, width] = a.numbers('size') as [number, number, number, number]
  const aligned = a.flag('align_corners')
  const line = (length: number): number[] =>
    Array.from({ length }, (_, i) => (aligned ? (length === 1 ? 0 : -1 + (2 * i) / (length - 1)) : (2 * i + 1) / length - 1))
  const points = line(height).flatMap((y) => line(width).map((x) => [x, y, 1]))
  const grid = t.matmul(t.tensor(points, { dtype: a.tensor('theta').dtype }), a.tensor('theta'), { transposeB: true })
  return t.reshape(grid, [batch, height, width, 2])
}

/** Turns grid coordinates from [−1, 1] into positions of elements. */
const position = (grid: Tensor, length: number, aligned: boolean, mode: string): Tensor => {
  const at = aligned ? t.mul(t.add(grid, 1), (length - 1) / 2) : t.sub(t.mul(t.add(grid, 1), length / 2), 0.5)
  if (mode === 'border') return t.clamp(at, 0, length - 1)
  if (mode !== 'reflection') return at
  const [low, span] = aligned ? [0, length - 1] : [-0.5, length]
  const turned = t.mod(t.sub(at, low), 2 * span)
  return t.clamp(t.add(t.sub(span, t.abs(t.sub(turned, span))), low), 0, length - 1)
}

const gridSample: Handler = (a) => {
  const [x, grid] = [input(a), a.tensor('grid')]
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const [aligned, mode] = [a.flag('align_corners'), a.text('padding_mode')]
  const coordinate = (axis: number, length: number): Tensor =>
    t.reshape(position(t.squeeze(t.sliceAxis(grid, -1, { start: axis, end: axis + 1 }), -1), length, aligned, mode), [batch, 1, -1])
  const [across, down] = [coordinate(0, width), coordinate(1, height)]
  const flat = t.reshape(x, [batch, channels, height * width])
  const read = (column: Tensor, row: Tensor): Tensor => {
    const [c, r] = [t.clamp(column, 0, width - 1), t.clamp(row, 0, height - 1)]
    const inside = t.and(t.equal(c, column), t.equal(r, row))
    const place = t.cast(t.stopGradient(t.add(t.mul(r, width), c)), 'int32')
    const found = t.takeAlongAxis(flat, t.broadcastTo(place, [batch, channels, place.shape[2] as number]), 2)
    return t.where(inside, found, 0)
  }
  const shape = [batch, channels, ...grid.shape.slice(1, 3)]
  if (a.text('mode') === 'nearest') return t.reshape(read(t.round(across), t.round(down)), shape)
  const [left, top] = [t.floor(across), t.floor(down)]
  const [dx, dy] = [t.sub(across, left), t.sub(down, top)]
  const corner = (right: number, bottom: number): Tensor => {
    const weight = t.mul(right === 1 ? dx : t.sub(1, dx), bottom === 1 ? dy : t.sub(1, dy))
    return t.mul(read(t.add(left, right), t.add(top, bottom)), weight)
  }
  return t.reshape(
    [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)].reduce((total, part) => t.add(total, part)),
    shape,
  )
}

/** A family with one function for each number of spatial axes. */
const ranks = (signature: (rank: number) => string, handler: (rank: number) => Handler): Record<string, (a: Arguments) => Result> =>
  Object.fromEntries([1, 2, 3].map((rank) => [signature(rank), handler(rank)]))

const base: Functions = functions({
  ...ranks((n) => `conv${n}d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)`, conv),
  ...ranks(
    (n) => `conv_transpose${n}d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)`,
    convTranspose,
  ),
  ...ranks((n) => `max_pool${n}d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)`, maxPool),
  ...ranks(
    (n) => `avg_pool${n}d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)`,
    avgPool,
  ),
  ...ranks((n) => `lp_pool${n}d(input, norm_type, kernel_size, stride=None, ceil_mode=False)`, lpPool),
  ...ranks(
    (n) => `adaptive_avg_pool${n}d(input, output_size)`,
    (n) => adaptive(t.adaptiveAvgPool, n),
  ),
  ...ranks(
    (n) => `adaptive_max_pool${n}d(input, output_size, return_indices=False)`,
    (n) => adaptive(t.adaptiveMaxPool, n),
  ),
  ...ranks((n) => `max_unpool${n}d(input, indices, kernel_size, stride=None, padding=0, output_size=None)`, unpool),
  'affine_grid(theta, size, align_corners=False)': affineGrid,
  'fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1)': fold,
  "grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=False)": gridSample,
  "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=False, recompute_scale_factor=None, antialias=False)":
    interpolate,
  'unfold(input, kernel_size, dilation=1, padding=0, stride=1)': unfold,
})

const withIndices = functions(
  ranks(
    (n) => `max_pool${n}d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=True)`,
    maxPool,
  ),
)

const upsampling = functions({
  "upsample_bilinear(input, size=None, scale_factor=None, mode='bilinear', align_corners=True, recompute_scale_factor=None)": interpolate,
  "upsample_nearest(input, size=None, scale_factor=None, mode='nearest', align_corners=False, recompute_scale_factor=None)": interpolate,
})

/** Convolutions, pooling and resizing. */
export const windows: Functions = new Map([...base, ...withIndices, ...upsampling, ...aliases(base, { interpolate: 'upsample' })])
