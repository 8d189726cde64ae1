import { constantOf, sizeOf, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { constantAt, has, intAttribute, numbersAt, optionalInt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { positionOf } from './layout.ts'

const integers = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape })

type Box = readonly [number, number, number, number]

/** Low and high corner: boxes come as any two corners, or as a center and lengths. */
const cornersOf = ([a, b, c, d]: Box, fromCenter: boolean): Box =>
  fromCenter ? [b - d / 2, a - c / 2, b + d / 2, a + c / 2] : [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]

const overlap = (left: Box, right: Box): number => {
  const side = (i: 0 | 1): number => Math.max(0, Math.min(left[i + 2] as number, right[i + 2] as number) - Math.max(left[i], right[i]))
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1])
  const shared = side(0) * side(1)
  return shared <= 0 ? 0 : shared / (area(left) + area(right) - shared)
}

interface Limits {
  readonly most: number
  readonly iou: number
  readonly score: number
}

/** The boxes of one class that are kept: the best ones, without those that overlap a better one too much. */
const keep = (boxes: readonly Box[], scores: ArrayLike<number>, { most, iou, score }: Limits): number[] => {
  const order = [...boxes.keys()].filter((i) => (scores[i] as number) > score).sort((i, k) => (scores[k] as number) - (scores[i] as number))
  const kept: number[] = []
  for (const i of order) {
    if (kept.length >= most) break
    if (kept.every((other) => overlap(boxes[other] as Box, boxes[i] as Box) <= iou)) kept.push(i)
  }
  return kept
}

const optionalNumber = (call: Call, i: number, fallback: number): number => (has(call, i) ? (numbersAt(call, i)[0] ?? fallback) : fallback)

/** How many boxes stay depends on the data: boxes and scores must be known. */
const nonMaxSuppression: Converter = (call) => {
  const [boxes, scores] = [constantAt(call, 0), constantAt(call, 1)]
  const [batch, classes, count] = scores.shape as [number, number, number]
  const limits: Limits = {
    most: optionalNumber(call, 2, 0),
    iou: optionalNumber(call, 3, 0),
    score: optionalNumber(call, 4, Number.NEGATIVE_INFINITY),
  }
  const fromCenter = intAttribute(call, 'center_point_box', 0) === 1
  const boxAt = (image: number, i: number): Box =>
    cornersOf([...boxes.attributes.data.subarray((image * count + i) * 4, (image * count + i) * 4 + 4)] as unknown as Box, fromCenter)
  const rows = Array.from({ length: batch }, (_, image) => {
    const own = Array.from({ length: count }, (_unused, i) => boxAt(image, i))
    return Array.from({ length: classes }, (_unused, label) => {
      const start = (image * classes + label) * count
      return keep(own, scores.attributes.data.subarray(start, start + count), limits).map((i) => [image, label, i])
    })
  }).flat(2)
  return integers(rows.flat(), [rows.length, 3])
}

/** The slices of an axis, each as its elements in order. */
const slicesOf = (data: ArrayLike<number>, shape: readonly number[], axis: number): number[][] => {
  const [length, inner] = [shape[axis] as number, sizeOf(shape.slice(axis + 1))]
  const outer = sizeOf(shape.slice(0, axis))
  return Array.from({ length }, (_, i) =>
    Array.from({ length: outer * inner }, (_unused, k) => data[(Math.floor(k / inner) * length + i) * inner + (k % inner)] as number),
  )
}

const compareLists = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number)
}

interface Distinct {
  readonly first: number
  readonly value: readonly number[]
  count: number
}

const distinct = (slices: readonly (readonly number[])[]): { readonly groups: Distinct[]; readonly of: Distinct[] } => {
  const found = new Map<string, Distinct>()
  const of = slices.map((value, first) => {
    const name = value.join(' ')
    const group = found.get(name) ?? { first, value, count: 0 }
    found.set(name, group)
    group.count++
    return group
  })
  return { groups: [...found.values()], of }
}

/** The values that occur (or slices of an axis), where each occurs first, which one each is, and how often: all of known data. */
const unique: Converter = (call) => {
  const given = constantAt(call, 0)
  const asked = optionalInt(call, 'axis')
  const shape = asked === undefined ? [sizeOf(given.shape)] : given.shape
  const axis = asked === undefined ? 0 : positionOf(call, asked, shape.length)
  const { groups, of } = distinct(slicesOf(given.attributes.data, shape, axis))
  if (intAttribute(call, 'sorted', 1) === 1) groups.sort((a, b) => compareLists(a.value, b.value))
  const places = new Map(groups.map((group, i) => [group, i]))
  const [length, inner] = [groups.length, sizeOf(shape.slice(axis + 1))]
  const target = shape.map((size, i) => (i === axis ? length : size))
  const data = given.attributes.data.slice(0, sizeOf(target))
  for (let k = 0; k < data.length; k++) {
    const [outer, i] = [Math.floor(k / (inner * length)), Math.floor(k / inner) % length]
    data[k] = groups[i]?.value[outer * inner + (k % inner)] as number
  }
  return [
    constantOf(data, target, given.dtype),
    integers(groups.map(({ first }) => first)),
    integers(of.map((group) => places.get(group) as number)),
    integers(groups.map(({ count }) => count)),
  ]
}

/** Operators that select by what the data is. */
export const selections: Readonly<Record<string, Converter>> = { NonMaxSuppression: nonMaxSuppression, Unique: unique }
