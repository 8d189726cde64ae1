import { tokenize } from './tokens.ts'
import type { Token } from './tokens.ts'

/** Reads tokens one by one. */
export class Cursor {
  private at = 0
  private readonly tokens: readonly Token[]

  constructor(source: string) {
    this.tokens = tokenize(source)
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    this.at++
    return token
  }

  /** Tells whether the next token is one of these operators or keywords. */
  is(...texts: string[]): boolean {
    const { kind, text } = this.peek()
    return (kind === 'operator' || kind === 'name') && texts.includes(text)
  }

  /** Passes over the next token if it is this one. */
  skip(text: string): boolean {
    const found = this.is(text)
    if (found) this.at++
    return found
  }

  skipKind(kind: Token['kind']): boolean {
    const found = this.peek().kind === kind
    if (found) this.at++
    return found
  }

  expect(text: string): void {
    if (!this.skip(text)) throw this.unexpected(`'${text}'`)
  }

  expectKind(kind: Token['kind']): Token {
    if (this.peek().kind !== kind) throw this.unexpected(kind)
    return this.next()
  }

  unexpected(wanted: string): SyntaxError {
    const { text, kind, line } = this.peek()
    return new SyntaxError(`line ${line}: expected ${wanted}, got ${text === '' ? kind : `'${text}'`}`)
  }
}
