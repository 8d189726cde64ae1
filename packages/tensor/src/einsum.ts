import { ShapeError } from './errors.ts'
import { reshape, transpose } from './layout.ts'
import { matmul } from './linear.ts'
import { sum } from './reduce.ts'
import { sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'
import { diagonal } from './triangle.ts'

/** A tensor whose axes have names. */
interface Labelled {
  readonly x: Tensor
  readonly labels: readonly string[]
}

const letters = (text: string): string[] => text.split('')

/** Names the axes that an ellipsis stands for from the right: the last one is …0. */
const spelled = (term: string, rank: number): string[] => {
  const [head, tail] = term.split('...') as [string, string | undefined]
  if (tail === undefined) return letters(head)
  const hidden = Math.max(0, rank - head.length - tail.length)
  return [...letters(head), ...Array.from({ length: hidden }, (_, i) => `…${hidden - 1 - i}`), ...letters(tail)]
}

const parse = (equation: string, operands: readonly Tensor[]): { readonly terms: Labelled[]; readonly output: readonly string[] } => {
  const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string | undefined]
  const parts = left.split(',')
  if (parts.length !== operands.length)
    throw new ShapeError('einsum', operands, `'${equation}' names ${parts.length} operands, got ${operands.length}`)
  const terms = parts.map((term, i) => {
    const x = operands[i] as Tensor
    const labels = spelled(term, x.shape.length)
    if (labels.length !== x.shape.length)
      throw new ShapeError('einsum', operands, `'${term}' names ${labels.length} axes of an operand that has ${x.shape.length}`)
    return { x, labels }
  })
  const all = terms.flatMap(({ labels }) => labels)
  const hidden = [...new Set(all.filter((label) => label.startsWith('…')))].sort().reverse()
  if (right === undefined) {
    const once = [...new Set(all)].filter((label) => !label.startsWith('…') && all.filter((other) => other === label).length === 1)
    return { terms, output: [...hidden, ...once.sort()] }
  }
  const [head, tail] = right.split('...') as [string, string | undefined]
  return { terms, output: tail === undefined ? letters(head) : [...letters(head), ...hidden, ...letters(tail)] }
}

/** A label twice in one operand reads its diagonal. */
const withoutRepeats = ({ x, labels }: Labelled): Labelled => {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i)
  if (second === -1) return { x, labels }
  const label = labels[second] as string
  const first = labels.indexOf(label)
  return withoutRepeats({
    x: diagonal(x, { axes: [first, second] }),
    labels: [...labels.filter((_, i) => i !== first && i !== second), label],
  })
}

/** Sums over labels that nobody else asks for, and over axes of length 1 that others stretch. */
const onlyNeeded = ({ x, labels }: Labelled, needed: (label: string) => boolean): Labelled => {
  const axes = [...labels.keys()].filter((axis) => !needed(labels[axis] as string))
  return { x: axes.length === 0 ? x : sum(x, { axes }), labels: labels.filter(needed) }
}

const arranged = ({ x, labels }: Labelled, order: readonly string[]): Tensor =>
  transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  )

const lengths = (term: Labelled, labels: readonly string[]): number[] =>
  labels.map((label) => term.x.shape[term.labels.indexOf(label)] as number)

const multiply = (left: Labelled, right: Labelled, needed: (label: string) => boolean): Labelled => {
  const shared = left.labels.filter((label) => right.labels.includes(label))
  const lengthOf = (label: string): number =>
    Math.max(...lengths(left, [label]).filter((n) => n !== undefined), ...(right.labels.includes(label) ? lengths(right, [label]) : []))
  const batch = shared.filter(needed)
  const joined = shared.filter((label) => !needed(label))
  const rows = left.labels.filter((label) => !shared.includes(label))
  const columns = right.labels.filter((label) => !shared.includes(label))
  const matrix = (term: Labelled, own: readonly string[]): Tensor => {
    const first = [...batch, ...own, ...joined]
    return reshape(arranged(term, first), [...lengths(term, batch), sizeOf(lengths(term, own)), sizeOf(lengths(term, joined))])
  }
  // An operand whose joined axes already stand before its own is read transposed in place.
  const transposedInPlace = [...batch, ...joined, ...columns].every((label, i) => right.labels[i] === label)
  const second = transposedInPlace
    ? reshape(right.x, [...lengths(right, batch), sizeOf(lengths(right, joined)), sizeOf(lengths(right, columns))])
    : matrix(right, columns)
  const product = matmul(matrix(left, rows), second, { transposeB: !transposedInPlace })
  return {
    x: reshape(product, [...batch.map(lengthOf), ...lengths(left, rows), ...lengths(right, columns)]),
    labels: [...batch, ...rows, ...columns],
  }
}

const checkLengths = (operands: readonly Tensor[], terms: readonly Labelled[]): void => {
  const known = new Map<string, number>()
  for (const { x, labels } of terms)
    labels.forEach((label, axis) => {
      const length = x.shape[axis] as number
      const before = known.get(label) ?? 1
      if (length !== before && length !== 1 && before !== 1)
        throw new ShapeError('einsum', operands, `label '${label}' stands for axes of length ${before} and ${length}`)
      known.set(label, Math.max(length, before))
    })
}

/** An axis of length 1 under a label that is longer elsewhere is a repeated one: it can be dropped before multiplying. */
const unstretched = (terms: readonly Labelled[]): Labelled[] => {
  const longest = (label: string): number =>
    Math.max(...terms.flatMap((term) => (term.labels.includes(label) ? lengths(term, [label]) : [])))
  return terms.map(({ x, labels }) => {
    const kept = [...labels.keys()].filter((axis) => x.shape[axis] !== 1 || longest(labels[axis] as string) === 1)
    return {
      x: reshape(
        x,
        kept.map((axis) => x.shape[axis] as number),
      ),
      labels: kept.map((axis) => labels[axis] as string),
    }
  })
}

/**
 * Sums products over named axes, by transposes and matrix products: `'bij,bjk->bik'` is a batched matmul.
 *
 * A label missing after `->` is summed over, one that stands twice in an operand reads its diagonal, and `...` stands for
 * leading axes that broadcast. Without `->` the labels that occur once make the result, in alphabetical order.
 *
 * @throws {ShapeError} when labels and axes do not fit
 * @example
 * import { einsum, tensor, toArray } from '@grad-ts/tensor'
 * toArray(einsum('ij,j->i', tensor([[1, 2], [3, 4]]), tensor([1, 10]))) // => [21, 43]
 */
export const einsum = (equation: string, ...operands: Tensor[]): Tensor => {
  const { terms, output } = parse(equation, operands)
  const unknown = output.find((label, i) => !terms.some(({ labels }) => labels.includes(label)) || output.indexOf(label) < i)
  if (unknown !== undefined)
    throw new ShapeError(
      'einsum',
      operands,
      `'${equation}' asks for the label '${unknown}', which no operand has or which stands twice in the result`,
    )
  checkLengths(operands, terms)
  const [first, ...rest] = unstretched(terms.map(withoutRepeats)) as [Labelled, ...Labelled[]]
  const final = rest.reduce<Labelled>((result, next, i) => {
    const later = (label: string): boolean => output.includes(label) || rest.slice(i + 1).some(({ labels }) => labels.includes(label))
    const either = (other: Labelled) => (label: string) => later(label) || other.labels.includes(label)
    return multiply(onlyNeeded(result, either(next)), onlyNeeded(next, either(result)), later)
  }, first)
  return arranged(
    onlyNeeded(final, (label) => output.includes(label)),
    output,
  )
}
