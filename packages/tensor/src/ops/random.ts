import { ShapeError } from '../errors.ts'
import { showShape, sizeOf } from '../shape.ts'
import { indexing } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'

/**
 * The generator scrambles counters in arithmetic that every ONNX provider has for int32 (no shifts, no exclusive or).
 * From the key k, the two odd words [a, b] = 2·(k + k / 65536) + 1. Then x = counter + a, and for each multiplier m a round
 * x ← x·(m·x + word) with the words b, a, b, and between rounds x ← x + x / 65536.
 * The quadratic step is one-to-one modulo 2³² because m is even and the word odd; the division (toward zero) brings high bits down.
 */
export const randomRounds = { multipliers: [0x7feb352c, 0x846ca68a | 0, 0x9e3779ba | 0], divisor: 65536 } as const

const folded = (x: number): number => (x + ((x / randomRounds.divisor) | 0)) | 0
const oddWord = (word: number): number => (Math.imul(folded(word), 2) + 1) | 0

/** Computes 32 random bits for each counter 0 … size − 1. */
export const bitsOf = (k0: number, k1: number, size: number): Int32Array => {
  const [first, second, third] = randomRounds.multipliers
  const a = oddWord(k0)
  const b = oddWord(k1)
  const bits = new Int32Array(size)
  for (let counter = 0; counter < size; counter++) {
    let x = (counter + a) | 0
    x = folded(Math.imul(x, (Math.imul(x, first) + b) | 0))
    x = folded(Math.imul(x, (Math.imul(x, second) + a) | 0))
    bits[counter] = Math.imul(x, (Math.imul(x, third) + b) | 0)
  }
  return bits
}

export const randomRules: OpRules<'randomBits'> = {
  randomBits: {
    infer: (inputs, { shape }) => {
      const [key] = inputs as [OperandType]
      indexing('randomBits', inputs, key)
      if (key.shape.length !== 1 || key.shape[0] !== 2)
        throw new ShapeError('randomBits', inputs, 'expected a key of shape [2], as key(seed) or splitKey gives it')
      if (shape.some((length) => !Number.isInteger(length) || length < 0))
        throw new ShapeError('randomBits', inputs, `expected whole lengths, got ${showShape(shape)}`)
      return { shape, dtype: 'int32' }
    },
    evaluate: ([key], { shape }) => {
      const { data } = key as Value
      return bitsOf(data[0] as number, data[1] as number, sizeOf(shape))
    },
  },
}
