import { Cursor } from './cursor.ts'
import { expression, parameters, targetsBeforeIn, tuple } from './expressions.ts'
import type { Expression, Statement } from './syntax.ts'

const augmented = ['+=', '-=', '*=', '/=', '%=', '@=', '**=', '//=', '&=', '|=', '^=']

const endOfStatement = (cursor: Cursor): void => {
  if (cursor.skip(';')) cursor.skipKind('newline')
  else cursor.expectKind('newline')
}

const simple = (cursor: Cursor): Statement => {
  if (cursor.skip('pass')) return { tag: 'pass' }
  if (cursor.skip('return')) return { tag: 'return', value: cursor.peek().kind === 'newline' ? null : tuple(cursor) }
  const first = tuple(cursor)
  if (cursor.is(...augmented)) return { tag: 'augment', target: first, operator: cursor.next().text.slice(0, -1), value: tuple(cursor) }
  const parts: Expression[] = [first]
  while (cursor.skip('=')) parts.push(tuple(cursor))
  const value = parts.pop() as Expression
  return parts.length === 0 ? { tag: 'expression', value } : { tag: 'assign', targets: parts, value }
}

const block = (cursor: Cursor): Statement[] => {
  cursor.expect(':')
  if (!cursor.skipKind('newline')) return [simpleLine(cursor)]
  cursor.expectKind('indent')
  const body: Statement[] = []
  while (!cursor.skipKind('dedent')) body.push(statement(cursor))
  return body
}

const simpleLine = (cursor: Cursor): Statement => {
  const found = simple(cursor)
  endOfStatement(cursor)
  return found
}

const conditional = (cursor: Cursor): Statement => {
  const branches: (readonly [Expression, readonly Statement[]])[] = []
  do {
    const condition = expression(cursor)
    branches.push([condition, block(cursor)])
  } while (cursor.skip('elif'))
  return { tag: 'if', branches, otherwise: cursor.skip('else') ? block(cursor) : [] }
}

const loop = (cursor: Cursor): Statement => {
  const target = targetsBeforeIn(cursor)
  cursor.expect('in')
  const over = tuple(cursor)
  return { tag: 'for', target, over, body: block(cursor) }
}

const definition = (cursor: Cursor): Statement => {
  const name = cursor.expectKind('name').text
  cursor.expect('(')
  const list = parameters(cursor, ')')
  return { tag: 'define', name, parameters: list, body: block(cursor) }
}

const statement = (cursor: Cursor): Statement => {
  if (cursor.skip('import')) {
    while (cursor.peek().kind !== 'newline') cursor.next()
    endOfStatement(cursor)
    return { tag: 'pass' }
  }
  if (cursor.skip('for')) return loop(cursor)
  if (cursor.skip('while')) {
    const condition = expression(cursor)
    return { tag: 'while', condition, body: block(cursor) }
  }
  if (cursor.skip('if')) return conditional(cursor)
  if (cursor.skip('with')) {
    const context = expression(cursor)
    return { tag: 'with', context, body: block(cursor) }
  }
  if (cursor.skip('def')) return definition(cursor)
  return simpleLine(cursor)
}

/** Parses the part of Python that mathematical fragments are written in. */
export const parse = (source: string): Statement[] => {
  const cursor = new Cursor(source)
  const program: Statement[] = []
  while (!cursor.skipKind('end')) program.push(statement(cursor))
  return program
}
