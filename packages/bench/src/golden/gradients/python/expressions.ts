import type { Cursor } from './cursor.ts'
import type { Expression, Parameter } from './syntax.ts'

const keywords = new Set(['if', 'else', 'for', 'in', 'and', 'or', 'not', 'is', 'lambda', 'return', 'def', 'while', 'with', 'pass', 'elif'])

const closers = [')', ']', '}', '=', ':']

/** Items up to a closing token; a comma after the last one makes it a tuple too. */
const items = (cursor: Cursor, read: (cursor: Cursor) => Expression): { readonly list: Expression[]; readonly comma: boolean } => {
  const list: Expression[] = []
  let comma = false
  while (!cursor.is(...closers) && !['newline', 'end'].includes(cursor.peek().kind) && !cursor.is(';')) {
    list.push(read(cursor))
    comma = cursor.skip(',')
    if (!comma) break
  }
  return { list, comma }
}

const starred = (cursor: Cursor): Expression => (cursor.skip('*') ? { tag: 'starred', value: expression(cursor) } : expression(cursor))

/** An expression, or a tuple without brackets. */
export const tuple = (cursor: Cursor, read = starred): Expression => {
  const { list, comma } = items(cursor, read)
  if (list.length === 0) throw cursor.unexpected('an expression')
  return list.length === 1 && !comma && list[0]?.tag !== 'starred' ? (list[0] as Expression) : { tag: 'sequence', items: list }
}

const comprehension = (cursor: Cursor, element: Expression): Expression => {
  cursor.expect('for')
  const target = targetsBeforeIn(cursor)
  cursor.expect('in')
  const over = disjunction(cursor)
  const conditions: Expression[] = []
  while (cursor.skip('if')) conditions.push(disjunction(cursor))
  return { tag: 'comprehension', element, target, over, conditions }
}

export const targetsBeforeIn = (cursor: Cursor): Expression => {
  const names = [postfix(cursor)]
  while (cursor.skip(',')) names.push(postfix(cursor))
  return names.length === 1 ? (names[0] as Expression) : { tag: 'sequence', items: names }
}

const bracketed = (cursor: Cursor, close: string): Expression => {
  if (cursor.skip(close)) return { tag: 'sequence', items: [] }
  const first = starred(cursor)
  if (cursor.is('for')) {
    const made = comprehension(cursor, first)
    cursor.expect(close)
    return made
  }
  if (close === ')' && cursor.skip(close)) return first
  const rest = cursor.skip(',') ? items(cursor, starred).list : []
  cursor.expect(close)
  return { tag: 'sequence', items: [first, ...rest] }
}

const dictionary = (cursor: Cursor): Expression => {
  const entries: (readonly [Expression, Expression])[] = []
  while (!cursor.skip('}')) {
    const key = expression(cursor)
    cursor.expect(':')
    entries.push([key, expression(cursor)])
    cursor.skip(',')
  }
  return { tag: 'dictionary', entries }
}

const atom = (cursor: Cursor): Expression => {
  const token = cursor.peek()
  if (token.kind === 'number') {
    cursor.next()
    return { tag: 'number', value: Number(token.text.replaceAll('_', '')), float: /[.eE]/.test(token.text) }
  }
  if (token.kind === 'string') {
    cursor.next()
    return { tag: 'string', value: token.text.slice(1, -1) }
  }
  if (token.kind === 'name' && !keywords.has(token.text)) {
    cursor.next()
    return { tag: 'name', name: token.text }
  }
  if (cursor.skip('(')) return bracketed(cursor, ')')
  if (cursor.skip('[')) return bracketed(cursor, ']')
  if (cursor.skip('{')) return dictionary(cursor)
  if (cursor.is('.') && cursor.peek(1).text === '.' && cursor.peek(2).text === '.') {
    for (let i = 0; i < 3; i++) cursor.next()
    return { tag: 'ellipsis' }
  }
  throw cursor.unexpected('an expression')
}

const subscript = (cursor: Cursor): Expression => {
  const bound = (): Expression | null => (cursor.is(':', ',', ']') ? null : expression(cursor))
  const start = bound()
  if (!cursor.skip(':')) {
    if (start === null) throw cursor.unexpected('an index')
    return start
  }
  const end = bound()
  return { tag: 'slice', start, end, step: cursor.skip(':') ? bound() : null }
}

const index = (cursor: Cursor, object: Expression): Expression => {
  const indices: Expression[] = []
  let several = false
  while (!cursor.skip(']')) {
    indices.push(subscript(cursor))
    if (cursor.skip(',')) several = true
    else if (!cursor.is(']')) throw cursor.unexpected("']'")
  }
  return { tag: 'index', object, indices, several: several || indices.length > 1 }
}

const call = (cursor: Cursor, callee: Expression): Expression => {
  const positional: Expression[] = []
  const named: (readonly [string, Expression])[] = []
  while (!cursor.skip(')')) {
    if (cursor.peek().kind === 'name' && cursor.peek(1).text === '=') {
      const name = cursor.next().text
      cursor.next()
      named.push([name, expression(cursor)])
    } else {
      const value = starred(cursor)
      positional.push(cursor.is('for') ? comprehension(cursor, value) : value)
    }
    if (!cursor.skip(',') && !cursor.is(')')) throw cursor.unexpected("')'")
  }
  return { tag: 'call', callee, positional, keywords: named }
}

const postfix = (cursor: Cursor): Expression => {
  let value = atom(cursor)
  for (;;) {
    if (cursor.skip('.')) value = { tag: 'attribute', object: value, name: cursor.expectKind('name').text }
    else if (cursor.skip('(')) value = call(cursor, value)
    else if (cursor.skip('[')) value = index(cursor, value)
    else return value
  }
}

const power = (cursor: Cursor): Expression => {
  const base = postfix(cursor)
  return cursor.skip('**') ? { tag: 'binary', operator: '**', left: base, right: unary(cursor) } : base
}

const unary = (cursor: Cursor): Expression => {
  if (cursor.is('-', '+', '~')) return { tag: 'unary', operator: cursor.next().text, operand: unary(cursor) }
  return power(cursor)
}

/** Left-associative operators of one precedence. */
const level =
  (operators: readonly string[], tighter: (cursor: Cursor) => Expression) =>
  (cursor: Cursor): Expression => {
    let left = tighter(cursor)
    while (cursor.is(...operators)) left = { tag: 'binary', operator: cursor.next().text, left, right: tighter(cursor) }
    return left
  }

const bitwise = level(['|'], level(['^'], level(['&'], level(['+', '-'], level(['*', '/', '//', '%', '@'], unary)))))

const comparator = (cursor: Cursor): string | undefined => {
  if (cursor.is('<', '>', '<=', '>=', '==', '!=', 'in')) return cursor.next().text
  if (cursor.skip('is')) return cursor.skip('not') ? 'is not' : 'is'
  if (cursor.is('not') && cursor.peek(1).text === 'in') {
    cursor.next()
    cursor.next()
    return 'not in'
  }
  return undefined
}

const comparison = (cursor: Cursor): Expression => {
  const first = bitwise(cursor)
  const rest: (readonly [string, Expression])[] = []
  for (let operator = comparator(cursor); operator !== undefined; operator = comparator(cursor)) rest.push([operator, bitwise(cursor)])
  return rest.length === 0 ? first : { tag: 'compare', first, rest }
}

const inversion = (cursor: Cursor): Expression =>
  cursor.skip('not') ? { tag: 'unary', operator: 'not', operand: inversion(cursor) } : comparison(cursor)

const logical =
  (operator: 'and' | 'or', tighter: (cursor: Cursor) => Expression) =>
  (cursor: Cursor): Expression => {
    let left = tighter(cursor)
    while (cursor.skip(operator)) left = { tag: 'logical', operator, left, right: tighter(cursor) }
    return left
  }

const disjunction = logical('or', logical('and', inversion))

export const parameters = (cursor: Cursor, close: string): Parameter[] => {
  const list: Parameter[] = []
  while (!cursor.skip(close)) {
    const name = cursor.expectKind('name').text
    list.push({ name, value: cursor.skip('=') ? expression(cursor) : null })
    cursor.skip(',')
  }
  return list
}

export const expression = (cursor: Cursor): Expression => {
  if (cursor.skip('lambda')) return { tag: 'lambda', parameters: parameters(cursor, ':'), body: expression(cursor) }
  const value = disjunction(cursor)
  if (!cursor.skip('if')) return value
  const condition = disjunction(cursor)
  cursor.expect('else')
  return { tag: 'choice', condition, whenTrue: value, otherwise: expression(cursor) }
}
