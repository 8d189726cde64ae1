// Turns the code of an example into the body of a test: imports are taken out, `// => value` lines become assertions.

import { parseSync } from 'vite'

const parse = (code) => {
  const { program, comments, errors } = parseSync('example.ts', code)
  if (errors.length > 0) throw new Error(errors[0].message)
  return { program, comments }
}

const parses = (code) => {
  try {
    parse(code)
    return true
  } catch {
    return false
  }
}

const edit = (code, edits) =>
  edits.toSorted((a, b) => b.start - a.start).reduce((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), code)

/** The expected values as an array in which every number carries the digits that were written, for the tolerance. */
const withDigits = (expected) => {
  const edits = []
  const visit = (value) => {
    if (value === null || typeof value !== 'object') return
    if (Array.isArray(value)) return value.forEach(visit)
    const sign = value.type === 'UnaryExpression' && value.operator === '-' ? '-' : ''
    const literal = sign ? value.argument : value
    if (literal.type === 'Literal' && typeof literal.value === 'number')
      edits.push({ ...value, text: `__doc.digits('${sign}${literal.raw}')` })
    else for (const [key, child] of Object.entries(value)) if (key !== 'key' || value.computed) visit(child)
  }
  const code = `[${expected}]`
  visit(parse(code).program.body)
  return edit(code, edits)
}

/** `0.42…` and `Float32Array(2) [1, 2]`, as people and Node print them. */
const readable = (text) =>
  text
    .replace(/(-?\d[\d.]*(?:e[+-]?\d+)?)(?:…|\.\.\.(?=\s*[,\]})]|\s*$))/g, "__doc.cut('$1')")
    .replace(/\b(?:Float32|Float64|Int32|Uint8|BigInt64)Array(?:\(\d+\))?\s*\[/g, '[')

/** The text of a comment and, while it is no whole expression, of the comment lines right below it. */
const expectation = (code, comments, index) => {
  let text = readable(comments[index].value.replace(/^\s*=>/, ''))
  for (let next = index + 1; !parses(`x = [${text}]`) && next < comments.length; next++) {
    if (!/^\r?\n[ \t]*$/.test(code.slice(comments[next - 1].end, comments[next].start))) break
    text += `\n${readable(comments[next].value)}`
  }
  if (!parses(`x = [${text}]`)) throw new Error(`not a value: //${comments[index].value}`)
  return withDigits(text.trim())
}

const isLog = ({ type, callee }) => type === 'CallExpression' && callee.object?.name === 'console' && callee.property?.name === 'log'

const assertion = (code, statement, expected) => {
  const source = (node) => code.slice(node.start, node.end)
  const { start, end } = statement
  if (statement.type === 'ExpressionStatement') {
    const { expression } = statement
    const actual = isLog(expression) ? expression.arguments.map(source).join(', ') : source(expression)
    return { start, end, text: `__doc.same([${actual}], ${expected});` }
  }
  const names = statement.type === 'VariableDeclaration' ? statement.declarations.map(({ id }) => id) : []
  if (names.length !== 1) throw new Error(`nothing to compare with: ${source(statement)}`)
  const value = names[0].type === 'Identifier' ? names[0].name : source(names[0])
  return { start: end, end, text: `; __doc.same([${value}], ${expected});` }
}

const throwing = (code, statement, text) => {
  if (statement.type !== 'ExpressionStatement')
    throw new Error(`only an expression can throw: ${code.slice(statement.start, statement.end)}`)
  return {
    start: statement.start,
    end: statement.end,
    text: `await __doc.throws(async () => (${code.slice(statement.expression.start, statement.expression.end)}), ${JSON.stringify(text)});`,
  }
}

/** A statement without its semicolon: without semicolons in the style, that one may stand below the comment, before a `[`. */
const trimmed = (code, comments, statement) => {
  let { end } = statement
  for (let before = -1; before !== end;) {
    before = end
    end -= /;?\s*$/.exec(code.slice(statement.start, end))[0].length
    end = comments.find((comment) => comment.end === end)?.start ?? end
  }
  return { ...statement, end }
}

/** The assertions of an example, as edits of its code. */
const assertions = (code, { program, comments }) => {
  const statements = program.body.map((statement) => trimmed(code, comments, statement))
  return comments.flatMap((comment, index) => {
    const mark = comment.type === 'Line' && /^\s*(=>|throws\b)\s*(.*)$/.exec(comment.value)
    if (!mark) return []
    const statement = statements.findLast(({ end }) => end <= comment.start)
    if (!statement || !/^;?[ \t]*\n?[ \t]*$/.test(code.slice(statement.end, comment.start)))
      throw new Error(`no statement ends before //${comment.value}`)
    if (mark[1] === 'throws') return [throwing(code, statement, mark[2].trim())]
    return [assertion(code, statement, expectation(code, comments, index))]
  })
}

const specifier = (declaration, { type, imported, local, importKind }) => ({
  from: declaration.source.value,
  imported: type === 'ImportSpecifier' ? (imported.name ?? imported.value) : type === 'ImportDefaultSpecifier' ? 'default' : '*',
  local: local.name,
  type: declaration.importKind === 'type' || importKind === 'type',
})

/** { imports, body } of an example; throws when it has a syntax error or an assertion that is none. */
export const transform = (code) => {
  const parsed = parse(code)
  const declarations = parsed.program.body.filter(({ type }) => type === 'ImportDeclaration')
  const exported = parsed.program.body.filter(({ type, declaration }) => type === 'ExportNamedDeclaration' && declaration)
  const edits = [
    ...declarations.map(({ start, end }) => ({ start, end, text: '' })),
    ...exported.map(({ start, declaration }) => ({ start, end: declaration.start, text: '' })),
    ...assertions(code, parsed),
  ]
  return { imports: declarations.flatMap((each) => each.specifiers.map((one) => specifier(each, one))), body: edit(code, edits).trim() }
}
