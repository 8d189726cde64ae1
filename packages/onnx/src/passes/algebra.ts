import { isConstant, isFloat, sameShape, scalar } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Make, Rewrite } from './rule.ts'

/** The value that all elements of a tensor have, when that is known. */
const uniform = (x: Tensor): number | undefined => {
  if (x.op === 'broadcastTo') return uniform(x.inputs[0] as Tensor)
  if (!isConstant(x) || x.attributes.data.length === 0) return undefined
  const [first] = x.attributes.data
  return x.attributes.data.length <= 64 && x.attributes.data.every((value) => value === first) ? first : undefined
}

/** A value in place of a node: as it is when it has the node's shape, else repeated to it. */
const inPlaceOf = (node: Tensor, value: Tensor, make: Make): Tensor =>
  sameShape(node.shape, value.shape) ? value : make('broadcastTo', [value], { shape: node.shape })

type Row = (node: Tensor, make: Make) => Tensor | undefined

const operands = (node: Tensor): readonly [Tensor, Tensor] => node.inputs as readonly [Tensor, Tensor]

const add: Row = (node, make) => {
  const [a, b] = operands(node)
  if (uniform(b) === 0) return inPlaceOf(node, a, make)
  if (uniform(a) === 0) return inPlaceOf(node, b, make)
  if (b.op === 'neg') return make('sub', [a, b.inputs[0] as Tensor], {})
  return a.op === 'neg' ? make('sub', [b, a.inputs[0] as Tensor], {}) : undefined
}

const sub: Row = (node, make) => {
  const [a, b] = operands(node)
  if (uniform(b) === 0) return inPlaceOf(node, a, make)
  return b.op === 'neg' ? make('add', [a, b.inputs[0] as Tensor], {}) : undefined
}

const mul: Row = (node, make) => {
  const [a, b] = operands(node)
  if (uniform(b) === 1) return inPlaceOf(node, a, make)
  if (uniform(a) === 1) return inPlaceOf(node, b, make)
  return undefined
}

const powerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(Math.abs(value)))

/** Dividing is several times slower than multiplying; by a power of two the numbers are the same. */
const div: Row = (node, make) => {
  const [a, b] = operands(node)
  const divisor = uniform(b)
  if (divisor === 1) return inPlaceOf(node, a, make)
  if (divisor === undefined || !isFloat(node.dtype) || !powerOfTwo(divisor)) return undefined
  return inPlaceOf(node, make('mul', [a, scalar(1 / divisor, node.dtype)], {}), make)
}

const pow: Row = (node, make) => {
  const [a, b] = operands(node)
  const exponent = uniform(b)
  if (exponent === 1) return inPlaceOf(node, a, make)
  if (exponent === 2) return inPlaceOf(node, make('mul', [a, a], {}), make)
  return exponent === 0.5 ? inPlaceOf(node, make('sqrt', [a], {}), make) : undefined
}

const where: Row = (node, make) => {
  const [condition, whenTrue, whenFalse] = node.inputs as readonly [Tensor, Tensor, Tensor]
  const known = uniform(condition)
  if (known === undefined) return whenTrue === whenFalse ? inPlaceOf(node, whenTrue, make) : undefined
  return inPlaceOf(node, known === 0 ? whenFalse : whenTrue, make)
}

/** An op that undoes itself. */
const twice: Row = (node) => {
  const [x] = node.inputs as readonly [Tensor]
  return x.op === node.op ? x.inputs[0] : undefined
}

/** Only the last of two reshapes, or of two broadcasts, counts. */
const last =
  (op: 'reshape' | 'broadcastTo'): Row =>
  (node, make) => {
    const [x] = node.inputs as readonly [Tensor]
    return x.op === op ? make(op, x.inputs, { shape: node.shape }) : undefined
  }

const transpose: Row = (node, make) => {
  const [x] = node.inputs as readonly [Tensor]
  if (x.op !== 'transpose') return undefined
  const inner = (x as Tensor<'transpose'>).attributes.permutation
  return make('transpose', x.inputs, {
    permutation: (node as Tensor<'transpose'>).attributes.permutation.map((axis) => inner[axis] as number),
  })
}

const rows: { readonly [Op in OpName]?: Row } = {
  add,
  sub,
  mul,
  div,
  pow,
  where,
  neg: twice,
  not: twice,
  reshape: last('reshape'),
  broadcastTo: last('broadcastTo'),
  transpose,
}

/** Rules of arithmetic that keep every number. */
export const simplifyAlgebra: Rewrite = (node, make) => rows[node.op]?.(node, make)
