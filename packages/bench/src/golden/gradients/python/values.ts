import type { DType, Tensor } from '@grad-ts/tensor'

/** A tensor as Python sees it: a place whose content in-place operations replace. */
export class Box {
  value: Tensor

  constructor(value: Tensor) {
    this.value = value
  }
}

/** A float that looks like an integer (`2.0`): only what makes tensors of numbers cares. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A dtype object such as `torch.float64`. */
export class TypeObject {
  readonly dtype: DType

  constructor(dtype: DType) {
    this.dtype = dtype
  }
}

export class Slice {
  readonly start: number | null
  readonly end: number | null
  readonly step: number | null

  constructor(start: number | null, end: number | null, step: number | null) {
    this.start = start
    this.end = end
    this.step = step
  }
}

export class Ellipsis {
  readonly tag = 'ellipsis'
}

/** A tuple whose parts have names too, such as what `torch.max(x, 1)` gives. */
export class NamedTuple {
  readonly parts: readonly (readonly [string, Value])[]

  constructor(parts: readonly (readonly [string, Value])[]) {
    this.parts = parts
  }
}

/** A module or another object with attributes. */
export class Namespace {
  readonly name: string
  readonly lookUp: (name: string) => Value | undefined

  constructor(name: string, lookUp: (name: string) => Value | undefined) {
    this.name = name
    this.lookUp = lookUp
  }
}

export type Keywords = Readonly<Record<string, Value>>
export type Callable = (positional: readonly Value[], keywords: Keywords) => Value

export type Value =
  | null
  | boolean
  | number
  | string
  | Float
  | Box
  | TypeObject
  | Slice
  | Ellipsis
  | NamedTuple
  | Namespace
  | Callable
  | Map<Value, Value>
  | Value[]

export const numberOf = (value: Value): number => {
  if (value instanceof Float) return value.value
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  throw new TypeError(`expected a number, got ${describe(value)}`)
}

export const isNumber = (value: Value): value is number | boolean | Float =>
  typeof value === 'number' || typeof value === 'boolean' || value instanceof Float

export const describe = (value: Value | undefined): string => {
  if (value === null) return 'None'
  if (value instanceof Box) return `a tensor of shape [${value.value.shape.join(', ')}]`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' ? value.constructor.name : String(value)
}
