import { parse } from './parse.ts'
import type { Expression, Parameter, Statement } from './syntax.ts'
import { Box, describe, Ellipsis, Float, isNumber, NamedTuple, Namespace, numberOf, Slice } from './values.ts'
import type { Callable, Value } from './values.ts'

/** What the language leaves to the library whose expressions are run. */
export interface Library {
  readonly globals: ReadonlyMap<string, Value>
  readonly binary: (operator: string, left: Value, right: Value) => Value
  readonly unary: (operator: string, operand: Value) => Value
  readonly attribute: (object: Box, name: string) => Value | undefined
  readonly index: (object: Box, indices: readonly Value[]) => Value
  readonly assign: (object: Box, indices: readonly Value[], value: Value) => void
  readonly truth: (value: Box) => boolean
  readonly number: (value: Box) => number
  readonly length: (value: Box) => number
}

type Scope = Map<string, Value>

class Returned {
  readonly value: Value

  constructor(value: Value) {
    this.value = value
  }
}

const listMethods: Readonly<Record<string, (list: Value[], positional: readonly Value[]) => Value>> = {
  append: (list, [value]) => {
    list.push(value as Value)
    return null
  },
  extend: (list, [values]) => {
    list.push(...(values as Value[]))
    return null
  },
  insert: (list, [at, value]) => {
    list.splice(numberOf(at as Value), 0, value as Value)
    return null
  },
  pop: (list, [at = -1]) => list.splice(numberOf(at), 1)[0] as Value,
  reverse: (list) => {
    list.reverse()
    return null
  },
  index: (list, [value]) => list.indexOf(value as Value),
  count: (list, [value]) => list.filter((item) => item === value).length,
  copy: (list) => [...list],
  // torch.Size
  numel: (list) => list.reduce<number>((product, length) => product * numberOf(length), 1),
}

const range = (length: number, { start, end, step }: Slice): number[] => {
  const by = step ?? 1
  const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value < 0 ? value + length : value, low), high)
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1]
  const from = start === null ? (by > 0 ? 0 : length - 1) : clip(start, low, high)
  const to = end === null ? (by > 0 ? length : -1) : clip(end, low, high)
  const places: number[] = []
  for (let at = from; by > 0 ? at < to : at > to; at += by) places.push(at)
  return places
}

/** Runs statements with the values of a library. */
export class Interpreter {
  private readonly library: Library

  constructor(library: Library) {
    this.library = library
  }

  /** Runs a program and gives the variables it leaves. */
  run(source: string, variables: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
    const scope = new Map(variables)
    this.block(parse(source), [scope, new Map(this.library.globals)])
    return scope
  }

  private block(statements: readonly Statement[], scopes: readonly Scope[]): Returned | undefined {
    for (const statement of statements) {
      const returned = this.statement(statement, scopes)
      if (returned !== undefined) return returned
    }
    return undefined
  }

  private statement(statement: Statement, scopes: readonly Scope[]): Returned | undefined {
    switch (statement.tag) {
      case 'pass':
        return undefined
      case 'expression':
        this.evaluate(statement.value, scopes)
        return undefined
      case 'assign': {
        const value = this.evaluate(statement.value, scopes)
        for (const target of statement.targets) this.bind(target, value, scopes)
        return undefined
      }
      case 'augment':
        this.augment(statement.target, statement.operator, this.evaluate(statement.value, scopes), scopes)
        return undefined
      case 'for':
        for (const item of this.iterate(this.evaluate(statement.over, scopes))) {
          this.bind(statement.target, item, scopes)
          const returned = this.block(statement.body, scopes)
          if (returned !== undefined) return returned
        }
        return undefined
      case 'while':
        while (this.truth(this.evaluate(statement.condition, scopes))) {
          const returned = this.block(statement.body, scopes)
          if (returned !== undefined) return returned
        }
        return undefined
      case 'if': {
        const branch = statement.branches.find(([condition]) => this.truth(this.evaluate(condition, scopes)))
        return this.block(branch?.[1] ?? statement.otherwise, scopes)
      }
      case 'with':
        return this.block(statement.body, scopes)
      case 'define':
        ;(scopes[0] as Scope).set(
          statement.name,
          this.closure(statement.parameters, scopes, (inner) => this.block(statement.body, inner)?.value ?? null),
        )
        return undefined
      case 'return':
        return new Returned(statement.value === null ? null : this.evaluate(statement.value, scopes))
    }
  }

  private closure(parameters: readonly Parameter[], scopes: readonly Scope[], body: (scopes: readonly Scope[]) => Value): Callable {
    return (positional, keywords) => {
      const inner: Scope = new Map()
      parameters.forEach(({ name, value }, i) => {
        const given =
          i < positional.length ? positional[i] : (keywords[name] ?? (value === null ? undefined : this.evaluate(value, scopes)))
        if (given === undefined) throw new TypeError(`missing argument '${name}'`)
        inner.set(name, given)
      })
      return body([inner, ...scopes])
    }
  }

  /** A tensor is changed in place, as Python does. */
  private augment(target: Expression, operator: string, value: Value, scopes: readonly Scope[]): void {
    const current = this.evaluate(target, scopes)
    const next = this.library.binary(operator, current, value)
    if (target.tag === 'name' && current instanceof Box && next instanceof Box) current.value = next.value
    else this.bind(target, next, scopes)
  }

  private bind(target: Expression, value: Value, scopes: readonly Scope[]): void {
    if (target.tag === 'name') (scopes[0] as Scope).set(target.name, value)
    else if (target.tag === 'sequence') this.unpack(target.items, this.iterate(value), scopes)
    else if (target.tag === 'index') this.assignIndex(target, value, scopes)
    else throw new SyntaxError(`cannot assign to ${target.tag}`)
  }

  private unpack(targets: readonly Expression[], values: readonly Value[], scopes: readonly Scope[]): void {
    const star = targets.findIndex(({ tag }) => tag === 'starred')
    if (star === -1 ? targets.length !== values.length : values.length < targets.length - 1)
      throw new TypeError(`cannot unpack ${values.length} values into ${targets.length} names`)
    const taken = values.length - targets.length + 1
    targets.forEach((target, i) => {
      if (target.tag === 'starred') this.bind(target.value, values.slice(i, i + taken), scopes)
      else this.bind(target, values[star !== -1 && i > star ? i + taken - 1 : i] as Value, scopes)
    })
  }

  private assignIndex(target: Extract<Expression, { tag: 'index' }>, value: Value, scopes: readonly Scope[]): void {
    const object = this.evaluate(target.object, scopes)
    const indices = target.indices.map((index) => this.evaluate(index, scopes))
    if (object instanceof Box) this.library.assign(object, indices, value)
    else if (object instanceof Map) object.set(indices[0] as Value, value)
    else if (Array.isArray(object)) object[this.place(object, indices[0] as Value)] = value
    else throw new TypeError(`cannot assign to an element of ${describe(object)}`)
  }

  private place(list: readonly Value[], index: Value): number {
    const at = numberOf(index)
    return at < 0 ? at + list.length : at
  }

  private iterate(value: Value): readonly Value[] {
    if (Array.isArray(value)) return value
    if (value instanceof NamedTuple) return value.parts.map(([, part]) => part)
    if (value instanceof Map) return [...value.keys()]
    if (value instanceof Box) return Array.from({ length: this.library.length(value) }, (_, i) => this.library.index(value, [i]))
    throw new TypeError(`cannot iterate over ${describe(value)}`)
  }

  private truth(value: Value): boolean {
    if (value instanceof Box) return this.library.truth(value)
    if (Array.isArray(value)) return value.length > 0
    return value instanceof Float ? value.value !== 0 : Boolean(value)
  }

  private evaluate(expression: Expression, scopes: readonly Scope[]): Value {
    const at = (part: Expression): Value => this.evaluate(part, scopes)
    switch (expression.tag) {
      case 'number':
        return expression.float ? new Float(expression.value) : expression.value
      case 'string':
        return expression.value
      case 'ellipsis':
        return new Ellipsis()
      case 'name':
        return this.lookUp(expression.name, scopes)
      case 'sequence':
        return this.sequence(expression.items, scopes)
      case 'starred':
        throw new SyntaxError('a starred expression stands alone')
      case 'dictionary':
        return new Map(expression.entries.map(([key, value]) => [at(key), at(value)]))
      case 'unary':
        return expression.operator === 'not'
          ? !this.truth(at(expression.operand))
          : this.library.unary(expression.operator, at(expression.operand))
      case 'binary':
        return this.binary(expression.operator, at(expression.left), at(expression.right))
      case 'logical': {
        const left = at(expression.left)
        return this.truth(left) === (expression.operator === 'or') ? left : at(expression.right)
      }
      case 'compare':
        return this.compare(at(expression.first), expression.rest, scopes)
      case 'choice':
        return this.truth(at(expression.condition)) ? at(expression.whenTrue) : at(expression.otherwise)
      case 'attribute':
        return this.attribute(at(expression.object), expression.name)
      case 'index':
        return this.index(at(expression.object), expression.indices.map(at))
      case 'slice': {
        const bound = (part: Expression | null): number | null => {
          const value = part === null ? null : at(part)
          return value === null ? null : numberOf(value)
        }
        return new Slice(bound(expression.start), bound(expression.end), bound(expression.step))
      }
      case 'call': {
        const callee = at(expression.callee)
        if (typeof callee !== 'function') throw new TypeError(`${describe(callee)} is not a function`)
        const keywords = Object.fromEntries(expression.keywords.map(([name, value]) => [name, at(value)]))
        return callee(this.sequence(expression.positional, scopes), keywords)
      }
      case 'lambda':
        return this.closure(expression.parameters, scopes, (inner) => this.evaluate(expression.body, inner))
      case 'comprehension':
        return this.comprehension(expression, scopes)
    }
  }

  private lookUp(name: string, scopes: readonly Scope[]): Value {
    for (const scope of scopes) {
      const found = scope.get(name)
      if (found !== undefined) return found
    }
    throw new ReferenceError(`the name '${name}' is not known`)
  }

  private sequence(items: readonly Expression[], scopes: readonly Scope[]): Value[] {
    return items.flatMap((item) =>
      item.tag === 'starred' ? [...this.iterate(this.evaluate(item.value, scopes))] : [this.evaluate(item, scopes)],
    )
  }

  private comprehension(
    { element, target, over, conditions }: Extract<Expression, { tag: 'comprehension' }>,
    scopes: readonly Scope[],
  ): Value[] {
    return this.iterate(this.evaluate(over, scopes)).flatMap((item) => {
      const inner = [new Map<string, Value>(), ...scopes]
      this.bind(target, item, inner)
      return conditions.every((condition) => this.truth(this.evaluate(condition, inner))) ? [this.evaluate(element, inner)] : []
    })
  }

  private binary(operator: string, left: Value, right: Value): Value {
    if (Array.isArray(left) && Array.isArray(right) && operator === '+') return [...left, ...right]
    if (Array.isArray(left) && isNumber(right) && operator === '*') return Array.from({ length: numberOf(right) }, () => left).flat()
    return this.library.binary(operator, left, right)
  }

  private compare(first: Value, rest: readonly (readonly [string, Expression])[], scopes: readonly Scope[]): Value {
    let left = first
    let result: Value = true
    for (const [operator, next] of rest) {
      const right = this.evaluate(next, scopes)
      result = this.comparison(operator, left, right)
      if (rest.length > 1 && !this.truth(result)) return result
      left = right
    }
    return result
  }

  private comparison(operator: string, left: Value, right: Value): Value {
    if (operator === 'is' || operator === 'is not') return (left === right) === (operator === 'is')
    if (operator === 'in' || operator === 'not in') return this.iterate(right).includes(left) === (operator === 'in')
    const plain = (value: Value): boolean => value === null || typeof value === 'string' || Array.isArray(value)
    if (plain(left) || plain(right)) return (JSON.stringify(left) === JSON.stringify(right)) === (operator === '==')
    return this.library.binary(operator, left, right)
  }

  private attribute(object: Value, name: string): Value {
    const found = this.attributeOf(object, name)
    if (found === undefined)
      throw new ReferenceError(`${object instanceof Namespace ? object.name : describe(object)} has no '${name}' here`)
    return found
  }

  private attributeOf(object: Value, name: string): Value | undefined {
    if (object instanceof Box) return this.library.attribute(object, name)
    if (object instanceof Namespace) return object.lookUp(name)
    if (object instanceof NamedTuple) return object.parts.find(([part]) => part === name)?.[1]
    const method = Array.isArray(object) ? listMethods[name] : undefined
    return method === undefined ? undefined : (positional) => method(object as Value[], positional)
  }

  private index(object: Value, indices: readonly Value[]): Value {
    if (object instanceof Box) return this.library.index(object, indices)
    const [index] = indices as [Value]
    if (object instanceof Map) return object.get(index) ?? null
    const list = this.iterate(object)
    if (index instanceof Slice) return range(list.length, index).map((at) => list[at] as Value)
    const found = list[this.place(list, index)]
    if (found === undefined) throw new RangeError(`index ${numberOf(index)} is out of range for ${list.length} values`)
    return found
  }
}
