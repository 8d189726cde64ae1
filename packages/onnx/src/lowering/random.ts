import { randomRounds, sizeOf } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import type { Lowerings } from './rule.ts'

/** The rounds of the generator in integer arithmetic; its words and rounds are defined beside the interpreter's. */
const scrambled = (emitter: Emitter, key: string, size: number): string => {
  const integer = (value: number): string => emitter.scalar(value, 'int32')
  const add = (a: string, b: string): string => emitter.add('Add', [a, b])
  const mul = (a: string, b: string): string => emitter.add('Mul', [a, b])
  const fold = (x: string): string => add(x, emitter.add('Div', [x, integer(randomRounds.divisor)]))
  const words = add(mul(fold(key), integer(2)), integer(1))
  const word = (i: number): string => emitter.add('Gather', [words, emitter.scalar(i, 'int32')], { axis: 0 })
  const [a, b] = [word(0), word(1)]
  const counters = emitter.add('Range', [integer(0), integer(size), integer(1)])
  const round = (x: string, multiplier: number, added: string): string => mul(x, add(mul(x, integer(multiplier)), added))
  const [first, second, third] = randomRounds.multipliers
  return round(fold(round(fold(round(add(counters, a), first, b)), second, a)), third, b)
}

export const random: Lowerings<'randomBits'> = {
  randomBits: (emitter, [key], node) => {
    const bits = scrambled(emitter, key as string, sizeOf(node.shape))
    return emitter.add('Reshape', [bits, emitter.int64(node.shape)], { allowzero: 1 })
  },
}
