import { TokenizerError } from '../errors.ts'

export type Side = 'left' | 'right'

/** Keeps some tokens of a list: the first ones, or the last ones where it is cut at the left. */
export const kept = <Token>(tokens: readonly Token[], count: number, cutAt: Side): readonly Token[] =>
  cutAt === 'right' ? tokens.slice(0, count) : tokens.slice(tokens.length - Math.min(count, tokens.length))

/**
 * How many tokens of a text, and of a second one, fit into a length: the longer one gives way first.
 *
 * @param room for both together
 */
export const fitting = (first: number, second: number, room: number): readonly [number, number] => {
  if (room < 0) throw new TokenizerError(`expected a maxLength that the special tokens fit into, ${-room} more than it is`)
  if (first + second <= room) return [first, second]
  const [short, long] = [Math.min(first, second), Math.max(first, second)]
  const halved = short > room / 2
  const keepShort = halved ? Math.floor(room / 2) : short
  const keepLong = Math.min(long, room - keepShort)
  return first <= second ? [keepShort, keepLong] : [keepLong, keepShort]
}
