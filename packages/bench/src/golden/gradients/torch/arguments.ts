import { cast, isTensor, tensor } from '@grad-ts/tensor'
import type { Constant, DType, FloatDType, NestedArray, Tensor } from '@grad-ts/tensor'
import { Box, describe, Float, isNumber, NamedTuple, numberOf, TypeObject } from '../python/values.ts'
import type { Callable, Keywords, Value } from '../python/values.ts'

/** What a function gives: tensors are boxed on the way back to Python. */
export type Result = Value | Tensor | readonly Result[]

export interface Parameter {
  readonly name: string
  readonly value: Value | undefined
  readonly rest: boolean
}

const literals: Readonly<Record<string, Value>> = { None: null, True: true, False: false }

const literal = (text: string): Value => {
  if (text in literals) return literals[text] as Value
  return text.startsWith("'") ? text.slice(1, -1) : Number(text)
}

const parseSignature = (signature: string): { readonly name: string; readonly parameters: readonly Parameter[] } => {
  const [, name, list] = /^(\w+)\((.*)\)$/.exec(signature) as unknown as [string, string, string]
  const parts = list === '' ? [] : list.split(', ').filter((part) => part !== '*')
  const parameters = parts.map((part) => {
    const [left, right] = part.split('=') as [string, string | undefined]
    return { name: left.replace('*', ''), value: right === undefined ? undefined : literal(right), rest: left.startsWith('*') }
  })
  return { name, parameters }
}

const rank = (dtype: DType): number => (dtype === 'bool' ? 0 : dtype === 'int32' ? 1 : 2)

const numberRank = (value: Value): number => {
  if (typeof value === 'boolean') return 0
  return typeof value === 'number' && Number.isInteger(value) ? 1 : 2
}

/** Makes values tensors of one dtype by PyTorch's rules: bool < int < float, and numbers count as whole or fractional. */
export const promote = (values: readonly Value[], dtype: FloatDType, least = 0): Tensor[] => {
  const tensors = values.filter((value) => value instanceof Box).map((box) => box.value)
  const highest = Math.max(least, ...tensors.map((x) => rank(x.dtype)), ...values.filter(isNumber).map(numberRank))
  const float = tensors.find((x) => rank(x.dtype) === 2)?.dtype ?? dtype
  const common: DType = highest === 0 ? 'bool' : highest === 1 ? 'int32' : float
  return values.map((value) => (value instanceof Box ? cast(value.value, common) : tensor(numberOf(value), { dtype: common })))
}

const nested = (value: Value): NestedArray =>
  Array.isArray(value) ? value.map(nested) : typeof value === 'boolean' ? value : numberOf(value)

const leavesOf = (value: Value): Value[] => (Array.isArray(value) ? value.flatMap(leavesOf) : [value])

/** The dtype that `torch.tensor` gives to nested numbers. */
export const dtypeOfNumbers = (value: Value, float: FloatDType): DType => {
  const leaves = leavesOf(value)
  if (leaves.every((leaf) => typeof leaf === 'boolean')) return 'bool'
  return leaves.every((leaf) => numberRank(leaf) <= 1) ? 'int32' : float
}

/** Makes a tensor of nested numbers, some of which may be tensors of one element. */
export const tensorOf = (value: Value, dtype: DType): Tensor => tensor(nested(value), { dtype })

/** In which float dtype to compute, and what a tensor's elements are (where Python looks at them). */
export interface Setting {
  readonly float: FloatDType
  readonly known: (x: Tensor) => Constant
}

/** The arguments of one call, by name. */
export class Arguments {
  readonly setting: Setting
  private readonly name: string
  private readonly values: ReadonlyMap<string, Value>

  constructor(name: string, values: ReadonlyMap<string, Value>, setting: Setting) {
    this.name = name
    this.values = values
    this.setting = setting
  }

  get float(): FloatDType {
    return this.setting.float
  }

  /** The elements of a tensor, where what to compute depends on them. */
  known(x: Tensor): Constant {
    return this.setting.known(x)
  }

  raw(name: string): Value {
    return this.values.get(name) ?? null
  }

  has(name: string): boolean {
    return this.raw(name) !== null
  }

  private wrong(name: string, wanted: string): TypeError {
    return new TypeError(`${this.name}: expected ${wanted} for '${name}', got ${describe(this.raw(name))}`)
  }

  box(name: string): Box {
    const value = this.raw(name)
    if (!(value instanceof Box)) throw this.wrong(name, 'a tensor')
    return value
  }

  tensor(name: string): Tensor {
    const value = this.raw(name)
    if (value instanceof Box) return value.value
    if (isNumber(value)) return tensorOf(value, this.float)
    throw this.wrong(name, 'a tensor')
  }

  maybe(name: string): Tensor | undefined {
    return this.has(name) ? this.tensor(name) : undefined
  }

  /** Several operands brought to one dtype. */
  promoted(...names: string[]): Tensor[] {
    return promote(
      names.map((name) => this.raw(name)),
      this.float,
    )
  }

  /** As `promoted`, but at least floats. */
  floats(...names: string[]): Tensor[] {
    return promote(
      names.map((name) => this.raw(name)),
      this.float,
      2,
    )
  }

  number(name: string): number {
    const value = this.raw(name)
    if (!isNumber(value)) throw this.wrong(name, 'a number')
    return numberOf(value)
  }

  maybeNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined
  }

  numbers(name: string): number[] {
    const value = this.raw(name)
    if (isNumber(value)) return [numberOf(value)]
    if (value instanceof Box) return Array.from(this.known(value.value).attributes.data)
    if (!Array.isArray(value)) throw this.wrong(name, 'numbers')
    return value.flat().map((item) => numberOf(item as Value))
  }

  maybeNumbers(name: string): number[] | undefined {
    return this.has(name) ? this.numbers(name) : undefined
  }

  /** One number for every axis, or one for each. */
  each(name: string, count: number): number[] {
    const values = this.numbers(name)
    return values.length === 1 ? Array.from({ length: count }, () => values[0] as number) : values
  }

  flag(name: string): boolean {
    const value = this.raw(name)
    return value instanceof Float ? value.value !== 0 : Boolean(value)
  }

  text(name: string): string {
    const value = this.raw(name)
    if (typeof value !== 'string') throw this.wrong(name, 'a string')
    return value
  }

  maybeText(name: string): string | undefined {
    const value = this.raw(name)
    return typeof value === 'string' ? value : undefined
  }

  tensors(name: string): Tensor[] {
    const value = this.raw(name)
    const list = Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value
    if (!Array.isArray(list)) throw this.wrong(name, 'tensors')
    return list.map((item) => (item instanceof Box ? item.value : tensorOf(item, this.float)))
  }

  dtype(name: string): DType | undefined {
    const value = this.raw(name)
    return value instanceof TypeObject ? value.dtype : undefined
  }
}

export type Handler = (a: Arguments) => Result

/** Functions by name: a signature as Python writes it, and what it computes. */
export type Functions = ReadonlyMap<string, { readonly parameters: readonly Parameter[]; readonly handler: Handler }>

/** Reads a table whose keys are signatures such as `sum(input, dim=None, keepdim=False)`. */
export const functions = (table: Readonly<Record<string, Handler>>): Functions =>
  new Map(
    Object.entries(table).map(([signature, handler]) => {
      const { name, parameters } = parseSignature(signature)
      return [name, { parameters, handler }]
    }),
  )

/** Gives functions further names. */
export const aliases = (known: Functions, names: Readonly<Record<string, string>>): Functions =>
  new Map(
    Object.entries(names).flatMap(([to, list]) =>
      list.split(' ').map((name) => [name, known.get(to) as NonNullable<ReturnType<Functions['get']>>] as const),
    ),
  )

const boxed = (result: Result): Value => {
  if (isTensor(result)) return new Box(result as Tensor)
  return Array.isArray(result) ? result.map(boxed) : (result as Value)
}

/** A tuple with named parts. */
export const named = (parts: Readonly<Record<string, Tensor>>): NamedTuple =>
  new NamedTuple(Object.entries(parts).map(([name, value]) => [name, new Box(value)] as const))

const spellings: Readonly<Record<string, string>> = {
  axis: 'dim',
  dims: 'dim',
  x1: 'input',
  x2: 'other',
  self: 'input',
  axes: 'dim',
  keepdims: 'keepdim',
}

/** Binds positional and keyword arguments to a signature. */
export const callable = (name: string, { parameters, handler }: NonNullable<ReturnType<Functions['get']>>, setting: Setting): Callable => {
  const known = new Set(parameters.map((parameter) => parameter.name))
  return (positional, keywords: Keywords) => {
    const values = new Map<string, Value>()
    let next = 0
    for (const { name: parameter, value, rest } of parameters) {
      if (rest) values.set(parameter, positional.slice(next))
      else if (next < positional.length) values.set(parameter, positional[next++] as Value)
      else if (value !== undefined) values.set(parameter, value)
      if (rest) next = positional.length
    }
    if (next < positional.length) throw new TypeError(`${name}: ${positional.length} positional arguments are too many`)
    for (const [keyword, value] of Object.entries(keywords)) {
      const spelled = known.has(keyword) ? keyword : (spellings[keyword] ?? keyword)
      if (!known.has(spelled)) throw new TypeError(`${name}: unknown argument '${keyword}'`)
      values.set(spelled, value)
    }
    return boxed(handler(new Arguments(name, values, setting)))
  }
}
