// Finds the examples of a file. An example is { line, name, code, run }.

const unescape = (text) => text.replaceAll('*\\/', '*/')

const lineOf = (text, index) => text.slice(0, index).split('\n').length

/** The fenced `ts` blocks of a Markdown text; `first` is the line on which the text starts. */
export const fromMarkdown = (text, name = 'example', first = 1) =>
  [...text.matchAll(/^([ \t]*)```ts([^\S\n][^\n]*)?\n([\s\S]*?)^[ \t]*```[ \t]*$/gm)].map((match) => ({
    line: first + lineOf(text, match.index) - 1,
    name,
    code: match[3],
    run: !/\bno-run\b/.test(match[2] ?? ''),
  }))

const withoutStars = (comment) =>
  comment
    .replace(/^\/\*\*/, '   ')
    .replace(/\*\/$/, '')
    .replace(/^[ \t]*\*[ \t]?/gm, '')

/** The text of each `@example` in a doc comment, with its offset in lines; a tag inside a fence ends nothing. */
const exampleTags = (comment) => {
  const found = []
  let fenced = false
  let current
  for (const [offset, line] of withoutStars(comment).split('\n').entries()) {
    if (!fenced && /^\s*@\w/.test(line)) {
      const example = /^\s*@example\b(.*)$/.exec(line)
      current = example ? { offset, lines: [example[1].trim()] } : undefined
      if (current) found.push(current)
    } else current?.lines.push(line)
    if (/^\s*```/.test(line)) fenced = !fenced
  }
  return found
}

const plainExample = ({ offset, lines: [title, ...body] }, name, first) => {
  const rest = body.join('\n')
  const code = rest.trim() === '' ? title : rest
  return { line: first + offset, name, code, run: true }
}

/** The examples in the doc comments of what a TypeScript source exports, and in its `@packageDocumentation`. */
export const fromSource = (source) =>
  [...source.matchAll(/^[ \t]*\/\*\*(?!\/)[\s\S]*?\*\//gm)].flatMap((match) => {
    const after = source.slice(match.index + match[0].length)
    const exported = /^\s*export\s+(?:declare\s+)?(?:async\s+)?(?:const|let|function\*?|class|type|interface|namespace)\s+(\w+)/.exec(after)
    if (!exported && !match[0].includes('@packageDocumentation')) return []
    const first = lineOf(source, match.index + match[0].indexOf('/**'))
    const name = exported?.[1] ?? 'package'
    return exampleTags(unescape(match[0].trimStart())).flatMap((tag) => {
      const text = tag.lines.join('\n')
      return text.includes('```') ? fromMarkdown(text, name, first + tag.offset) : [plainExample(tag, name, first)]
    })
  })
