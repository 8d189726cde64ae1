export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'newline' | 'indent' | 'dedent' | 'end'
  readonly text: string
  readonly line: number
}

const lexeme =
  /(?<space>[ \t]+|#.*|\\\n)|(?<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*)|(?<string>'[^']*'|"[^"]*")|(?<operator>\*\*=|\/\/=|\*\*|\/\/|<=|>=|==|!=|->|:=|[-+*/%@&|^]=|[-+*/%@<>=()[\]{},:.~&|^;])/y

const tokensOf = (source: string, line: number): Token[] => {
  const tokens: Token[] = []
  lexeme.lastIndex = 0
  while (lexeme.lastIndex < source.length) {
    const start = lexeme.lastIndex
    const groups = lexeme.exec(source)?.groups
    if (groups === undefined) throw new SyntaxError(`line ${line}: cannot read '${source.slice(start)}'`)
    for (const kind of ['number', 'name', 'string', 'operator'] as const) {
      const text = groups[kind]
      if (text !== undefined) tokens.push({ kind, text, line })
    }
  }
  return tokens
}

const depthOf = (tokens: readonly Token[]): number =>
  tokens.reduce(
    (depth, { kind, text }) => depth + (kind === 'operator' ? Number('([{'.includes(text)) - Number(')]}'.includes(text)) : 0),
    0,
  )

/** Joins lines inside brackets, so that each entry is one logical line with its indentation. */
const logicalLines = (source: string): { readonly indent: number; readonly tokens: Token[] }[] => {
  const lines: { indent: number; tokens: Token[] }[] = []
  let open = 0
  source.split('\n').forEach((text, i) => {
    const tokens = tokensOf(text, i + 1)
    if (tokens.length === 0) return
    if (open > 0) lines.at(-1)?.tokens.push(...tokens)
    else lines.push({ indent: text.length - text.trimStart().length, tokens })
    open += depthOf(tokens)
  })
  return lines
}

/** Cuts Python source into tokens, with the ends of lines and the changes of indentation among them. */
export const tokenize = (source: string): Token[] => {
  const result: Token[] = []
  const indents = [0]
  let line = 1
  for (const { indent, tokens } of logicalLines(source)) {
    line = (tokens[0] as Token).line
    if (indent > (indents.at(-1) as number)) {
      indents.push(indent)
      result.push({ kind: 'indent', text: '', line })
    }
    while (indent < (indents.at(-1) as number)) {
      indents.pop()
      result.push({ kind: 'dedent', text: '', line })
    }
    result.push(...tokens, { kind: 'newline', text: '', line })
  }
  for (let i = indents.length; i > 1; i--) result.push({ kind: 'dedent', text: '', line })
  return [...result, { kind: 'end', text: '', line }]
}
