import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { Box, Ellipsis, Slice, describe, numberOf } from '../python/values.ts'
import type { Value } from '../python/values.ts'
import { aliases, functions } from './arguments.ts'
import type { Arguments, Handler, Setting } from './arguments.ts'
import { axisOf } from './shape.ts'

const input = (a: Arguments): Tensor => a.tensor('input')
const axis = (a: Arguments): number => axisOf(input(a), a.number('dim'))

type Known = Setting['known']

/** The places where a known bool tensor is true: one index list per axis. */
export const placesOf = (mask: Tensor, known: Known): Tensor[] => {
  const { data } = known(mask).attributes
  const strides = t.stridesOf(mask.shape)
  const flat = [...data.keys()].filter((i) => data[i] !== 0)
  return mask.shape.map((length, i) => t.tensor(Int32Array.from(flat, (at) => Math.floor(at / (strides[i] as number)) % length)))
}

const wrapped = (index: Tensor, length: number): Tensor => t.where(t.less(index, 0), t.add(index, length), index)

/** Picks single elements over the leading axes by index tensors that broadcast together. */
const pickLeading = (x: Tensor, indices: readonly Tensor[]): { readonly found: Tensor; readonly rank: number } => {
  const shape = indices.reduce<readonly number[]>((result, index) => t.broadcastShapes(result, index.shape) as number[], [])
  const lengths = x.shape.slice(0, indices.length)
  const strides = t.stridesOf(lengths)
  const flat = indices
    .map((index, i) => t.mul(wrapped(index, lengths[i] as number), strides[i] as number))
    .reduce((total, part) => t.add(total, part))
  const rows = t.reshape(x, [t.sizeOf(lengths), ...x.shape.slice(indices.length)])
  return { found: t.gather(rows, t.broadcastTo(flat, shape)), rank: shape.length }
}

type Plan = readonly (number | Slice | null | Tensor)[]

const isAdvanced = (entry: Plan[number]): entry is Tensor => t.isTensor(entry)

/** Spells an index out: masks become places, lists tensors, an ellipsis whole axes, and every axis has an entry. */
const planned = (x: Tensor, given: readonly Value[], known: Known): Plan => {
  // A tuple in a variable is an index too.
  const [only] = given
  const tuple = given.length === 1 && Array.isArray(only) && only.some((item) => item instanceof Box || item instanceof Slice)
  const indices = tuple ? (only as Value[]) : given
  const entries = indices.flatMap((index): (Plan[number] | Ellipsis)[] => {
    if (index instanceof Box) return index.value.dtype === 'bool' ? placesOf(index.value, known) : [t.cast(index.value, 'int32')]
    if (index === null || index instanceof Slice || index instanceof Ellipsis) return [index]
    if (typeof index === 'number') return [index]
    if (Array.isArray(index))
      return index.every((item) => typeof item === 'boolean')
        ? placesOf(t.tensor(index as boolean[]), known)
        : [t.tensor(Int32Array.from(index, (item) => numberOf(item)))]
    throw new TypeError(`cannot index a tensor with ${describe(index)}`)
  })
  const used = entries.filter((entry) => entry !== null && !(entry instanceof Ellipsis)).length
  const rest = Array.from({ length: x.shape.length - used }, () => new Slice(null, null, null))
  const at = entries.findIndex((entry) => entry instanceof Ellipsis)
  return (at === -1 ? [...entries, ...rest] : [...entries.slice(0, at), ...rest, ...entries.slice(at + 1)]) as Plan
}

const range = ({ start, end, step }: Slice): t.Range => ({
  ...(start === null ? {} : { start }),
  ...(end === null ? {} : { end }),
  ...(step === null ? {} : { step }),
})

/** Slices, single positions and new axes; leaves index tensors for later. */
const basic = (x: Tensor, plan: Plan): { readonly cut: Tensor; readonly rest: readonly (Tensor | undefined)[] } => {
  const axes = plan.filter((entry) => entry !== null)
  const single = (entry: number, length: number): t.Range => ({ start: entry, end: entry === -1 ? length : entry + 1 })
  const sliced = t.slice(
    x,
    axes.map((entry, i) =>
      typeof entry === 'number' ? single(entry, x.shape[i] as number) : entry instanceof Slice ? range(entry) : null,
    ),
  )
  const shape: number[] = []
  const rest: (Tensor | undefined)[] = []
  let at = 0
  for (const entry of plan) {
    const length = entry === null ? 1 : (sliced.shape[at++] as number)
    if (typeof entry === 'number') continue
    shape.push(length)
    rest.push(isAdvanced(entry) ? entry : undefined)
  }
  return { cut: t.reshape(sliced, shape), rest }
}

/** Indexing as NumPy and PyTorch do it: neighbouring index tensors stay at their place, others come first. */
export const indexed = (x: Tensor, indices: readonly Value[], known: Known): Tensor => {
  const plan = planned(x, indices, known)
  // Beside index tensors a number is one more of them.
  const advanced = plan.some(isAdvanced)
  const unified = advanced ? plan.map((entry) => (typeof entry === 'number' ? t.scalar(entry, 'int32') : entry)) : plan
  const { cut, rest } = basic(x, unified)
  const chosen = [...rest.keys()].filter((i) => rest[i] !== undefined)
  if (chosen.length === 0) return cut
  const others = [...rest.keys()].filter((i) => rest[i] === undefined)
  const { found, rank } = pickLeading(
    t.transpose(cut, [...chosen, ...others]),
    chosen.map((i) => rest[i] as Tensor),
  )
  const [first, last] = [chosen[0] as number, chosen.at(-1) as number]
  if (last - first + 1 !== chosen.length) return found
  const axes = [...found.shape.keys()]
  return t.transpose(found, [...axes.slice(rank, rank + first), ...axes.slice(0, rank), ...axes.slice(rank + first)])
}

/** The tensor with other values at an index. Where one place is named twice the values add up. */
export const assigned = (x: Tensor, indices: readonly Value[], value: Tensor, known: Known): Tensor => {
  const size = t.sizeOf(x.shape)
  const places = known(indexed(t.reshape(t.arange(size), x.shape), indices, known))
  const flat = t.reshape(places, [-1])
  const spread = t.scatterAdd(t.reshape(t.broadcastTo(t.cast(value, x.dtype), places.shape), [-1]), flat, { length: size })
  const hit = t.scatterAdd(t.ones(flat.shape), flat, { length: size })
  return t.where(t.reshape(t.less(0, hit), x.shape), t.reshape(spread, x.shape), x)
}

const gathered: Handler = (a) => {
  const [x, index, at] = [input(a), a.tensor('index'), axis(a)]
  const whole = t.slice(
    x,
    index.shape.map((length, i) => (i === at ? null : { end: length })),
  )
  return t.takeAlongAxis(whole, index, at)
}

/** Adds or writes along an axis at places; `src` may be larger than the places. */
const scattered = (a: Arguments, index: Tensor, source: Tensor): { readonly total: Tensor; readonly hit: Tensor } => {
  const [x, at] = [input(a), axis(a)]
  const used = t.slice(
    t.broadcastTo(source, source.shape.length === 0 ? index.shape : source.shape),
    index.shape.map((length) => ({ end: length })),
  )
  const grown = (part: Tensor): Tensor =>
    t.pad(
      t.scatterAddAlong(part, index, { axis: at, length: x.shape[at] as number }),
      x.shape.map((length, i) => [0, i === at ? 0 : length - (index.shape[i] as number)] as const),
    )
  return { total: grown(used), hit: grown(t.onesLike(used)) }
}

const scatter: Handler = (a) => {
  const source = t.cast(a.tensor('src'), input(a).dtype)
  const { total, hit } = scattered(a, a.tensor('index'), source)
  if (a.maybeText('reduce') === 'add') return t.add(input(a), total)
  return t.where(t.less(0, hit), total, input(a))
}

/** One-hot rows that say which update reaches which place along an axis. */
const scatterReduced: Handler = (a) => {
  const { total, hit } = scattered(a, a.tensor('index'), a.tensor('src'))
  const [mode, include] = [a.text('reduce'), a.flag('include_self')]
  const touched = t.less(0, hit)
  const own = include ? input(a) : t.where(touched, 0, input(a))
  if (mode === 'sum') return t.add(own, total)
  if (mode === 'mean') return t.where(touched, t.div(t.add(own, total), t.add(t.maximum(hit, 1), include ? 1 : 0)), input(a))
  return t.where(touched, extremeAt(a, mode, include), input(a))
}

const extremeAt = (a: Arguments, mode: string, include: boolean): Tensor => {
  const [x, index, source, at] = [input(a), a.tensor('index'), a.tensor('src'), axis(a)]
  if (x.shape.some((length, i) => i !== at && length !== index.shape[i]))
    throw new TypeError('scatter_reduce: expected an index as large as the input in the other axes')
  // [..., place, update]: the update where it goes to the place, else the neutral element.
  const last = (part: Tensor): Tensor => t.expandDims(t.swapAxes(part, at, -1), -2)
  const goes = t.equal(last(index), t.reshape(t.arange(x.shape[at] as number), [-1, 1]))
  const neutral = mode === 'amax' ? -Infinity : mode === 'amin' ? Infinity : 1
  const spread = t.where(
    goes,
    last(
      t.slice(
        source,
        index.shape.map((length) => ({ end: length })),
      ),
    ),
    neutral,
  )
  const all = include ? t.concat([spread, t.expandDims(t.swapAxes(x, at, -1), -1)], -1) : spread
  const reduce = mode === 'amax' ? t.max : mode === 'amin' ? t.min : t.prod
  return t.swapAxes(reduce(all, { axes: -1 }), at, -1)
}

/** Puts slices at places of an axis: added, copied or one value. */
const atPlaces = (a: Arguments, source: Tensor, replace: boolean): Tensor => {
  const [x, at] = [input(a), axis(a)]
  const index = wrapped(t.reshape(a.tensor('index'), [-1]), x.shape[at] as number)
  const count = index.shape[0] as number
  const full = t.broadcastTo(
    source,
    x.shape.map((length, i) => (i === at ? count : length)),
  )
  const total = t.scatterAdd(full, index, { axis: at, length: x.shape[at] as number })
  if (!replace) return t.add(x, total)
  const hit = t.scatterAdd(t.onesLike(full), index, { axis: at, length: x.shape[at] as number })
  return t.where(t.less(0, hit), total, x)
}

/** Reads rows; the row of `padding_idx` is read but gets no gradient. */
const embedding: Handler = (a) => {
  const [index, weight] = [a.tensor('input'), a.tensor('weight')]
  const padding = a.maybeNumber('padding_idx')
  const found = t.gather(weight, index)
  if (padding === undefined) return found
  const row = padding < 0 ? padding + (weight.shape[0] as number) : padding
  return t.where(t.expandDims(t.equal(index, row), -1), t.stopGradient(found), found)
}

/** Bags are rows of a matrix of indices, or begin at offsets in a list. */
const embeddingBag: Handler = (a) => {
  const [weight, flat] = [a.tensor('weight'), t.reshape(a.tensor('input'), [-1])]
  const size = flat.shape[0] as number
  const index = a.tensor('input')
  const width = index.shape[1] ?? 1
  const starts = index.shape.length === 2 ? Array.from({ length: index.shape[0] as number }, (_, i) => i * width) : a.numbers('offsets')
  const bag = Int32Array.from({ length: size }, (_, i) => starts.filter((start) => start <= i).length - 1)
  const member = t.cast(t.equal(t.reshape(t.arange(starts.length), [-1, 1]), t.tensor(bag)), weight.dtype)
  const rows = t.gather(weight, flat)
  const given = a.maybe('per_sample_weights')
  const weighted = given === undefined ? rows : t.mul(rows, t.reshape(given, [-1, 1]))
  if (a.text('mode') === 'sum') return t.matmul(member, weighted)
  if (a.text('mode') === 'mean') return t.div(t.matmul(member, weighted), t.maximum(t.sum(member, { axes: 1, keepDims: true }), 1))
  const spread = t.where(t.equal(t.expandDims(member, -1), 1), t.expandDims(weighted, 0), -Infinity)
  return t.max(spread, { axes: 1 })
}

const take: Handler = (a) => t.gather(t.reshape(input(a), [-1]), wrapped(a.tensor('index'), t.sizeOf(input(a).shape)))

const indexPut: Handler = (a) => {
  const places = a.raw('indices') as Value[]
  if (!a.flag('accumulate')) return assigned(input(a), places, a.tensor('values'), a.setting.known)
  const zeros = t.zerosLike(input(a))
  return t.add(input(a), assigned(zeros, places, a.tensor('values'), a.setting.known))
}

const scalarOf = (a: Arguments, name: string): Tensor => t.cast(a.tensor(name), input(a).dtype)

const base = functions({
  'embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, sparse=False)': embedding,
  "embedding_bag(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', sparse=False, per_sample_weights=None)":
    embeddingBag,
  'gather(input, dim, index)': gathered,
  'index_add(input, dim, index, source, *, alpha=1)': (a) => atPlaces(a, t.mul(a.tensor('source'), a.number('alpha')), false),
  'index_copy(input, dim, index, source)': (a) => atPlaces(a, a.tensor('source'), true),
  'index_fill(input, dim, index, value)': (a) => atPlaces(a, scalarOf(a, 'value'), true),
  'index_put(input, indices, values, accumulate=False)': indexPut,
  'index_select(input, dim, index)': (a) => t.gather(input(a), t.reshape(a.tensor('index'), [-1]), axis(a)),
  'masked_scatter(input, mask, source)': (a) => {
    const [x, mask] = [input(a), t.broadcastTo(a.tensor('mask'), input(a).shape)]
    const count = placesOf(t.reshape(mask, [-1]), a.setting.known)[0]?.shape[0] ?? 0
    return assigned(x, [new Box(mask)], t.slice(t.reshape(a.tensor('source'), [-1]), [{ end: count }]), a.setting.known)
  },
  'masked_select(input, mask)': (a) => {
    const shape = t.broadcastShapes(input(a).shape, a.tensor('mask').shape) as number[]
    return t.gather(
      t.reshape(t.broadcastTo(input(a), shape), [-1]),
      placesOf(t.reshape(t.broadcastTo(a.tensor('mask'), shape), [-1]), a.setting.known)[0] as Tensor,
    )
  },
  'nonzero(input, *, as_tuple=False)': (a) => {
    const places = placesOf(t.cast(input(a), 'bool'), a.setting.known)
    return a.flag('as_tuple') ? places : t.stack(places, 1)
  },
  'one_hot(input, num_classes=-1)': (a) => {
    const classes = a.number('num_classes')
    const count = classes === -1 ? Math.max(...a.known(input(a)).attributes.data) + 1 : classes
    return t.oneHot(input(a), count, 'int32')
  },
  'put(input, index, source, accumulate=False)': (a) => {
    const flat = t.reshape(input(a), [-1])
    const places = [new Box(t.reshape(a.tensor('index'), [-1]))]
    const written = assigned(a.flag('accumulate') ? t.zerosLike(flat) : flat, places, t.reshape(a.tensor('source'), [-1]), a.setting.known)
    return t.reshape(a.flag('accumulate') ? t.add(flat, written) : written, input(a).shape)
  },
  'scatter(input, dim, index, src, *, reduce=None)': scatter,
  'scatter_add(input, dim, index, src)': (a) => t.add(input(a), scattered(a, a.tensor('index'), a.tensor('src')).total),
  'scatter_reduce(input, dim, index, src, reduce, *, include_self=True)': scatterReduced,
  'take(input, index)': take,
  'take_along_dim(input, indices, dim=None)': (a) => {
    if (!a.has('dim')) return t.gather(t.reshape(input(a), [-1]), t.reshape(a.tensor('indices'), [-1]))
    const at = axis(a)
    const common = t.broadcastShapes(
      input(a).shape.map((length, i) => (i === at ? 1 : length)),
      a.tensor('indices').shape.map((length, i) => (i === at ? 1 : length)),
    ) as number[]
    const stretched = (x: Tensor): Tensor =>
      t.broadcastTo(
        x,
        common.map((length, i) => (i === at ? (x.shape[i] as number) : length)),
      )
    return t.takeAlongAxis(stretched(input(a)), stretched(a.tensor('indices')), at)
  },
})

/** Functions that read and write at places. */
export const indexing = new Map([...base, ...aliases(base, { nonzero: 'argwhere' })])

/** `torch.embedding` itself takes the weight first. */
export const nativeIndexing = functions({
  'embedding(weight, input, padding_idx=None, scale_grad_by_freq=False, sparse=False)': embedding,
})
