import * as t from '@grad-ts/tensor'
import type { DType, FloatDType, Tensor } from '@grad-ts/tensor'
import type { Library } from '../python/run.ts'
import { Box, isNumber, Namespace, numberOf, TypeObject } from '../python/values.ts'
import type { Callable, Value } from '../python/values.ts'
import { activations } from './activation.ts'
import { callable, promote } from './arguments.ts'
import type { Functions, Setting } from './arguments.ts'
import { creation } from './creation.ts'
import { elementwise } from './elementwise.ts'
import { assigned, indexed, indexing, nativeIndexing } from './indexing.ts'
import { losses } from './loss.ts'
import { linalg, product, products } from './matmul.ts'
import { nativeNormalizations, normalizations } from './norm.ts'
import { sequences } from './recurrent.ts'
import { reductions } from './reduce.ts'
import { shapes } from './shape.ts'
import { windows } from './windows.ts'

// `unfold` is a method of tensors and another function of images.
const general: Functions = new Map([...elementwise, ...reductions, ...shapes, ...indexing, ...creation, ...products])
const functional: Functions = new Map([...general, ...activations, ...losses, ...normalizations, ...sequences, ...windows])
const torch: Functions = new Map([...functional, ...general, ...nativeIndexing, ...nativeNormalizations])

const dtypes = (float: FloatDType): Readonly<Record<string, DType>> => ({
  float: float,
  float32: float,
  float64: float,
  double: float,
  int: 'int32',
  int32: 'int32',
  int64: 'int32',
  long: 'int32',
  bool: 'bool',
  uint8: 'int32',
})

const numbers: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E, inf: Infinity, nan: Number.NaN }

const operators: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '//': 'floor_divide',
  '%': 'remainder',
  '**': 'pow',
  '@': 'matmul',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
  '==': 'eq',
  '!=': 'ne',
  '&': 'logical_and',
  '|': 'logical_or',
  '^': 'logical_xor',
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number | boolean>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
}

const plainFunction =
  (fn: (...args: number[]) => number): Callable =>
  (positional) =>
    fn(...positional.map(numberOf))

const mathModule = new Namespace('math', (name) => {
  if (name in numbers) return numbers[name]
  const fn = (Math as unknown as Readonly<Record<string, unknown>>)[name]
  return typeof fn === 'function' ? plainFunction(fn as (...args: number[]) => number) : undefined
})

const listOf = (value: Value): Value[] => {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value.keys()]
  throw new TypeError('expected a list')
}

const rangeOf = (...bounds: number[]): number[] => {
  const [start, end, step] = bounds.length === 1 ? [0, bounds[0] as number, 1] : [bounds[0] as number, bounds[1] as number, bounds[2] ?? 1]
  return Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, i) => start + i * step)
}

/** Adds with Python's `sum`, also tensors. */
const total =
  (library: Library): Callable =>
  ([values, start = 0]) =>
    unpackable(library, values as Value).reduce<Value>((result, value) => library.binary('+', result, value), start as Value)

const builtins = (library: Library): Readonly<Record<string, Value>> => ({
  range: (positional) => rangeOf(...positional.map(numberOf)),
  len: ([value]) => (value instanceof Box ? (value.value.shape[0] as number) : listOf(value as Value).length),
  float: ([value]) =>
    value === 'inf'
      ? Infinity
      : value === '-inf'
        ? -Infinity
        : value === 'nan'
          ? Number.NaN
          : value instanceof Box
            ? t.toNumber(value.value)
            : numberOf(value as Value),
  int: ([value]) => Math.trunc(value instanceof Box ? library.number(value) : numberOf(value as Value)),
  bool: ([value]) => Boolean(value instanceof Box ? library.number(value) : value),
  abs: ([value]) => (isNumber(value as Value) ? Math.abs(numberOf(value as Value)) : call(library, 'abs', [value as Value])),
  min: (values) => Math.min(...(values.length === 1 ? listOf(values[0] as Value) : values).map(numberOf)),
  max: (values) => Math.max(...(values.length === 1 ? listOf(values[0] as Value) : values).map(numberOf)),
  round: ([value]) => Math.round(numberOf(value as Value)),
  sum: total(library),
  list: ([value]) => [...unpackable(library, value as Value)],
  tuple: ([value]) => [...unpackable(library, value as Value)],
  enumerate: ([value]) => unpackable(library, value as Value).map((item, i) => [i, item]),
  zip: (lists) => unpackable(library, lists[0] as Value).map((_, i) => lists.map((list) => unpackable(library, list)[i] as Value)),
  reversed: ([value]) => unpackable(library, value as Value).toReversed(),
  pow: ([base, exponent]) => library.binary('**', base as Value, exponent as Value),
  slice: () => null,
  print: () => null,
  math: mathModule,
  True: true,
  False: false,
  None: null,
})

const call = (library: Library, name: string, positional: readonly Value[]): Value =>
  ((library.globals.get('torch') as Namespace).lookUp(name) as Callable)(positional, {})

const unpackable = (library: Library, value: Value): Value[] =>
  value instanceof Box ? Array.from({ length: library.length(value) }, (_, i) => library.index(value, [i])) : listOf(value)

const transposed = (x: Tensor): Tensor => (x.shape.length < 2 ? x : t.swapAxes(x))

const properties: Readonly<Record<string, (x: Tensor, box: Box) => Value>> = {
  shape: (x) => [...x.shape],
  dtype: (x) => new TypeObject(x.dtype),
  ndim: (x) => x.shape.length,
  T: (x) => new Box(t.transpose(x)),
  mT: (x) => new Box(transposed(x)),
  H: (x) => new Box(transposed(x)),
  mH: (x) => new Box(transposed(x)),
  data: (x) => new Box(t.stopGradient(x)),
  real: (_, box) => box,
  device: () => null,
  requires_grad: () => true,
}

const methods: Readonly<Record<string, (x: Tensor, positional: readonly Value[], setting: Setting) => Value>> = {
  size: (x, [axis]) => (axis === undefined ? [...x.shape] : (x.shape.at(numberOf(axis)) as number)),
  dim: (x) => x.shape.length,
  numel: (x) => t.sizeOf(x.shape),
  item: (x, _, { known }) => known(x).attributes.data[0] as number,
  tolist: (x, _, { known }) => t.toArray(known(x)) as Value,
  is_floating_point: (x) => t.isFloat(x.dtype),
  cpu: (x) => new Box(x),
  backward: () => null,
}

/** A method is the function of that name with the tensor first; one that ends in `_` puts the result in the tensor's place. */
const method = (box: Box, name: string, setting: Setting): Value | undefined => {
  const own = methods[name]
  if (own !== undefined) return (positional) => own(box.value, positional, setting)
  const found = torch.get(name)
  if (found !== undefined) return (positional, keywords) => callable(name, found, setting)([box, ...positional], keywords)
  const inPlace = name.endsWith('_') ? method(box, name.slice(0, -1), setting) : undefined
  if (typeof inPlace === 'function')
    return (positional, keywords) => {
      box.value = (inPlace(positional, keywords) as Box).value
      return box
    }
  if (name === 'copy') return ([source]) => new Box(t.cast((source as Box).value, box.value.dtype))
  if (name === 'fill') return ([value]) => new Box(t.full(box.value.shape, numberOf(value as Value), box.value.dtype))
  return name === 'zero' ? () => new Box(t.zerosLike(box.value)) : undefined
}

const module = (name: string, table: Functions, setting: Setting, inside: Readonly<Record<string, Value>> = {}): Namespace =>
  new Namespace(name, (member) => {
    if (member in inside) return inside[member]
    // `torch.bool` is a dtype, `x.bool()` a function.
    const dtype = dtypes(setting.float)[member]
    if (dtype !== undefined) return new TypeObject(dtype)
    const found = table.get(member) ?? (member.endsWith('_') ? table.get(member.slice(0, -1)) : undefined)
    if (found !== undefined) return callable(member, found, setting)
    return numbers[member]
  })

const modules = (setting: Setting): Readonly<Record<string, Value>> => {
  const F = module('torch.nn.functional', functional, setting)
  const context: Callable = () => null
  const inside = {
    nn: new Namespace('torch.nn', (name) => (name === 'functional' ? F : undefined)),
    linalg: module('torch.linalg', linalg, setting),
    special: module('torch.special', new Map([...functional, ...general]), setting),
    no_grad: context,
    enable_grad: context,
    is_tensor: (([value]) => value instanceof Box) as Callable,
    numel: (([value]) => t.sizeOf((value as Box).value.shape)) as Callable,
    Size: (([value]) => value as Value) as Callable,
    set_default_dtype: context,
    manual_seed: context,
    finfo: (() =>
      new Namespace(
        'finfo',
        (name) =>
          ({ eps: setting.float === 'float64' ? 2 ** -52 : 2 ** -23, tiny: 2 ** -1022, max: Number.MAX_VALUE, min: -Number.MAX_VALUE })[
            name
          ],
      )) as Callable,
  }
  return { torch: module('torch', torch, setting, inside), F }
}

/** PyTorch as far as expressions of it can be said with our tensors, computing in one float dtype. */
export const torchLibrary = (setting: Setting): Library => {
  const { float, known } = setting
  const number = (box: Box): number => known(box.value).attributes.data[0] as number
  const globals = new Map<string, Value>(Object.entries(modules(setting)))
  const library: Library = {
    globals,
    binary: (operator, left, right) => {
      const plain = arithmetic[operator]
      if (isNumber(left) && isNumber(right) && plain !== undefined) return plain(numberOf(left), numberOf(right))
      if (operator === '@') return new Box(product(...(promote([left, right], float) as [Tensor, Tensor])))
      const name = operators[operator]
      if (name === undefined) throw new SyntaxError(`the operator '${operator}' is not known`)
      return call(library, name, [left, right])
    },
    unary: (operator, operand) => {
      if (isNumber(operand)) return operator === '-' ? -numberOf(operand) : operator === '~' ? ~numberOf(operand) : numberOf(operand)
      return operator === '+' ? operand : call(library, operator === '~' ? 'bitwise_not' : 'neg', [operand])
    },
    attribute: (box, name) => properties[name]?.(box.value, box) ?? method(box, name, setting),
    index: (box, indices) => new Box(indexed(box.value, indices, known)),
    assign: (box, indices, value) => {
      box.value = assigned(box.value, indices, value instanceof Box ? value.value : (promote([value, box], float)[0] as Tensor), known)
    },
    truth: (box) => number(box) !== 0,
    number,
    length: (box) => box.value.shape[0] as number,
  }
  for (const [name, value] of Object.entries(builtins(library))) globals.set(name, value)
  return library
}
