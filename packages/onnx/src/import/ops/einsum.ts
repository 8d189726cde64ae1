import { broadcastTo, gather, matmul, reshape, sum, tensor, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail } from '../call.ts'
import type { Call } from '../call.ts'

interface Labelled {
  readonly x: Tensor
  readonly labels: readonly string[]
}

/** Names every axis; an ellipsis stands for numbered axes, aligned at its end. */
const labelsOf = (call: Call, term: string, rank: number, widest: number): string[] => {
  const [before = '', after] = term.split('...')
  const named = [...before, ...(after ?? '')].length
  if (after === undefined) return before.length === rank ? [...before] : fail(call, `'${term}' names ${before.length} axes of a tensor of rank ${rank}`)
  const count = rank - named
  const dots = Array.from({ length: count }, (_, i) => `.${widest - count + i}`)
  return [...before, ...dots, ...after]
}

/** A label that stands twice takes the diagonal. */
const diagonal = ({ x, labels }: Labelled): Labelled => {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i)
  if (second < 0) return { x, labels }
  const first = labels.indexOf(labels[second] as string)
  const length = x.shape[first] as number
  const rest = [...x.shape.keys()].filter((axis) => axis !== first && axis !== second)
  const front = transpose(x, [first, second, ...rest])
  const flat = reshape(front, [length * length, ...front.shape.slice(2)])
  const places = tensor(Int32Array.from({ length }, (_, i) => i * (length + 1)), { shape: [length] })
  return diagonal({ x: gather(flat, places), labels: [labels[first] as string, ...rest.map((axis) => labels[axis] as string)] })
}

/** Sums out labels that nothing else needs. */
const sumOut = ({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled => {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]))
  return axes.length === 0 ? { x, labels } : { x: sum(x, { axes }), labels: labels.filter((label) => needed.has(label)) }
}

const lengthsOf = (operands: readonly Labelled[]): Map<string, number> => {
  const lengths = new Map<string, number>()
  for (const { x, labels } of operands) labels.forEach((label, axis) => lengths.set(label, Math.max(lengths.get(label) ?? 1, x.shape[axis] as number)))
  return lengths
}

/** Orders the axes by a list of labels, with length 1 where one is missing, and joins them in groups. */
const arrange = ({ x, labels }: Labelled, groups: readonly (readonly string[])[], lengths: ReadonlyMap<string, number>): Tensor => {
  const present = groups.flat().filter((label) => labels.includes(label))
  const ordered = transpose(x, present.map((label) => labels.indexOf(label)))
  const full = broadcastTo(ordered, present.map((label) => lengths.get(label) as number))
  return reshape(full, groups.map((group) => group.filter((label) => labels.includes(label)).reduce((size, label) => size * (lengths.get(label) as number), 1)))
}

/** Contracts two operands as one batched matrix product. */
const contractPair = (a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled => {
  const lengths = lengthsOf([a, b])
  const shared = a.labels.filter((label) => b.labels.includes(label))
  const batch = shared.filter((label) => needed.has(label))
  const inner = shared.filter((label) => !needed.has(label))
  const rows = a.labels.filter((label) => !shared.includes(label))
  const columns = b.labels.filter((label) => !shared.includes(label))
  const labels = [...batch, ...rows, ...columns]
  const product = matmul(arrange(a, [batch, rows, inner], lengths), arrange(b, [batch, inner, columns], lengths))
  return { x: reshape(product, labels.map((label) => lengths.get(label) as number)), labels }
}

const parse = (call: Call, equation: string, operands: readonly Tensor[]): readonly [Labelled[], string[]] => {
  const [left = '', right] = equation.replaceAll(' ', '').split('->')
  const terms = left.split(',')
  if (terms.length !== operands.length) return fail(call, `equation '${equation}' has ${terms.length} terms for ${operands.length} inputs`)
  const widest = Math.max(0, ...terms.map((term, i) => (term.includes('...') ? (operands[i] as Tensor).shape.length - term.length + 3 : 0)))
  const labelled = terms.map((term, i) => ({ x: operands[i] as Tensor, labels: labelsOf(call, term, (operands[i] as Tensor).shape.length, widest) }))
  if (right !== undefined) return [labelled, labelsOf(call, right, right.replace('...', '').length + (right.includes('...') ? widest : 0), widest)]
  const all = labelled.flatMap(({ labels }) => labels)
  const once = [...new Set(all)].filter((label) => !label.startsWith('.') && all.indexOf(label) === all.lastIndexOf(label)).sort()
  return [labelled, [...Array.from({ length: widest }, (_, i) => `.${i}`), ...once]]
}

/** Sums products over the labels that the result does not name, two operands at a time. */
export const contract = (call: Call, equation: string, operands: readonly Tensor[]): Tensor => {
  const [labelled, result] = parse(call, equation, operands)
  let pending = labelled.map(diagonal)
  const total = lengthsOf(pending)
  while (pending.length > 0) {
    const [first, second, ...rest] = pending as [Labelled, Labelled | undefined, ...Labelled[]]
    const neededBy = (others: readonly Labelled[]): Set<string> => new Set([...result, ...others.flatMap(({ labels }) => labels)])
    if (second === undefined) {
      const { x, labels } = sumOut(first, new Set(result))
      const missing = result.find((label) => !labels.includes(label))
      if (missing !== undefined) return fail(call, `equation '${equation}': no input has the axis '${missing}' of the result`)
      return broadcastTo(transpose(x, result.map((label) => labels.indexOf(label))), result.map((label) => total.get(label) as number))
    }
    const a = sumOut(first, neededBy([second, ...rest]))
    const b = sumOut(second, neededBy([first, ...rest]))
    pending = [contractPair(a, b, neededBy(rest)), ...rest]
  }
  return fail(call, 'expected at least one input')
}
