import { expect, test } from 'vitest'
import { constantOf, evaluate, foldIn, key, randomBits, splitKey, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { chiSquareScore, histogram } from './statistics.ts'

const size = 1 << 18
const draw = (from: Tensor, count = size): Int32Array => evaluate(randomBits(from, [count])).attributes.data as Int32Array
const rawKey = (k0: number, k1: number): Tensor => constantOf(Int32Array.of(k0, k1), [2], 'int32')

// Five standard deviations: with these fixed seeds nothing here is left to chance, and a broken generator is off by hundreds.
const bound = 5

// Keys as poor as they get, beside one from a seed.
const keys: readonly (readonly [string, Tensor])[] = [
  ['0, 0', rawKey(0, 0)],
  ['1, 0', rawKey(1, 0)],
  ['0, 1', rawKey(0, 1)],
  ['-1, -1', rawKey(-1, -1)],
  ['seed 0', key(0)],
]

test.each(keys)('every byte of the bits is uniform (key %s)', (_, from) => {
  const bits = draw(from)
  for (const shift of [24, 16, 8, 0]) {
    const counts = histogram(bits, 256, (value) => (value >>> shift) & 255)
    expect(Math.abs(chiSquareScore(counts, () => size / 256)), `byte at bit ${shift}`).toBeLessThan(bound)
  }
})

const pairScore = (left: Int32Array, right: Int32Array): number => {
  const counts = histogram(left, 4096, (value, i) => ((value >>> 26) << 6) | ((right[i] as number) >>> 26))
  return chiSquareScore(counts, () => left.length / 4096)
}

test.each([1, 2, 3, 7, 64, 512, 784, 4096, 65536])('bits at distance %d are independent', (distance) => {
  for (const [name, from] of keys) {
    const bits = draw(from, size + distance)
    expect(Math.abs(pairScore(bits.subarray(0, size), bits.subarray(distance))), name).toBeLessThan(bound)
  }
})

test('the two halves of the bits are independent, and the lower ones of neighbours too', () => {
  for (const [name, from] of keys) {
    const bits = draw(from, size + 1)
    const lower = bits.map((word) => Math.imul(word, 65536))
    expect(Math.abs(pairScore(bits.subarray(0, size), lower.subarray(0, size))), name).toBeLessThan(bound)
    expect(Math.abs(pairScore(lower.subarray(0, size), lower.subarray(1))), name).toBeLessThan(bound)
  }
})

test('triples of neighbours fill the cube evenly', () => {
  const bits = draw(rawKey(0, 0), 3 * size)
  const counts = new Int32Array(4096)
  for (let i = 0; i < bits.length; i += 3) counts[((bits[i]! >>> 28) << 8) | ((bits[i + 1]! >>> 28) << 4) | (bits[i + 2]! >>> 28)]!++
  expect(Math.abs(chiSquareScore(counts, () => size / 4096))).toBeLessThan(bound)
})

test('keys that differ by one, and keys split or folded from one, give independent streams', () => {
  const [first, second] = splitKey(key(3)) as [Tensor, Tensor]
  const pairs: readonly (readonly [Tensor, Tensor])[] = [
    [rawKey(0, 0), rawKey(1, 0)],
    [rawKey(0, 0), rawKey(0, 1)],
    [rawKey(5, 6), rawKey(6, 5)],
    [key(0), key(1)],
    [key(3), first],
    [first, second],
    [foldIn(key(3), 0), foldIn(key(3), 1)],
    [foldIn(key(3), 0), first],
  ]
  for (const [left, right] of pairs) expect(Math.abs(pairScore(draw(left), draw(right)))).toBeLessThan(bound)
})

test('the first draws of many seeds, of many split keys and of many steps are uniform', () => {
  const count = 8192
  const families = {
    seeds: Array.from({ length: count }, (_, i) => key(i)),
    splits: splitKey(key(1), count),
    steps: Array.from({ length: count }, (_, i) => foldIn(key(1), i)),
  }
  for (const [name, family] of Object.entries(families)) {
    const drawn = evaluate(family.map((each) => randomBits(each, [2]))).map((bits) => bits.attributes.data)
    for (const position of [0, 1]) {
      const counts = histogram(
        drawn.map((bits) => bits[position] as number),
        64,
        (value) => value >>> 26,
      )
      expect(Math.abs(chiSquareScore(counts, () => count / 64)), name).toBeLessThan(bound)
    }
  }
})

const flippedBits = (left: Int32Array, right: Int32Array): Int32Array => {
  const counts = new Int32Array(32)
  left.forEach((bits, i) => {
    for (let out = 0; out < 32; out++) counts[out]! += ((bits ^ (right[i] as number)) >>> out) & 1
  })
  return counts
}

test('flipping one bit of the key flips each result bit half of the time', () => {
  const count = 4096
  const [k0, k1] = toArray(key(9)) as [number, number]
  for (let bit = 0; bit < 32; bit++)
    for (const other of [rawKey(k0 ^ (1 << bit), k1), rawKey(k0, k1 ^ (1 << bit))])
      for (const flipped of flippedBits(draw(rawKey(k0, k1), count), draw(other, count)))
        expect(Math.abs(flipped - count / 2), `bit ${bit}`).toBeLessThan((bound * Math.sqrt(count)) / 2)
})

test('flipping one bit of the counter flips each result bit half of the time', () => {
  const bits = draw(key(9))
  for (let bit = 0; bit < 18; bit++)
    for (const flipped of flippedBits(
      bits,
      bits.map((_, i) => bits[i ^ (1 << bit)] as number),
    ))
      expect(Math.abs(flipped - size / 2), `bit ${bit}`).toBeLessThan(bound * Math.sqrt(size / 2))
})

test('the bits never change between versions', () => {
  expect(toArray(key(42))).toMatchInlineSnapshot(`
    [
      -1388559094,
      1069111416,
    ]
  `)
  expect(toArray(splitKey(key(42))[1] as Tensor)).toMatchInlineSnapshot(`
    [
      1426645817,
      -1480310695,
    ]
  `)
  expect(toArray(foldIn(key(42), 7))).toMatchInlineSnapshot(`
    [
      -214248415,
      1095689659,
    ]
  `)
  expect(toArray(randomBits(key(42), [2, 2]))).toMatchInlineSnapshot(`
    [
      [
        1625089923,
        -1645740392,
      ],
      [
        -993695880,
        1943320723,
      ],
    ]
  `)
})

test('a seed that is not a whole number is refused', () => {
  expect(() => key(0.5)).toThrowError('expected a whole number as seed, got 0.5')
  expect(() => randomBits(rawKey(0, 0), [-1])).toThrowError('expected whole lengths, got [-1]')
})
