/** Damages a file: flips, cuts, repeats and overwrites bytes, and puts numbers at the edge of their range where lengths and counts stand. */

export type Random = () => number

/** mulberry32: numbers in 0 … 1 from a seed. */
export const randomFrom = (seed: number): Random => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const below = (random: Random, end: number): number => Math.floor(random() * end)

const extremes = [
  [0x00],
  [0x01],
  [0x7f],
  [0xff],
  [0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
]

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array

/** Structure lies near the start and the end and between weights: most changes go where names and shapes are. */
const place = (bytes: Uint8Array, random: Random): number => {
  const at = below(random, bytes.length)
  return random() < 0.5
    ? at
    : random() < 0.5
      ? below(random, Math.min(bytes.length, 4096))
      : bytes.length - 1 - below(random, Math.min(bytes.length, 4096))
}

const mutations: readonly Mutation[] = [
  (bytes, random) => {
    const result = bytes.slice()
    result[place(bytes, random)] = below(random, 256)
    return result
  },
  (bytes, random) => {
    const result = bytes.slice()
    const at = place(bytes, random)
    result[at] = (result[at] as number) ^ (1 << below(random, 8))
    return result
  },
  (bytes, random) => bytes.slice(0, below(random, bytes.length)),
  (bytes, random) => {
    const result = bytes.slice()
    result.set(
      (extremes[below(random, extremes.length)] as number[]).slice(0, Math.max(1, bytes.length - place(bytes, random))),
      Math.min(place(bytes, random), bytes.length - 10),
    )
    return result
  },
  (bytes, random) => {
    const [from, length] = [place(bytes, random), 1 + below(random, 64)]
    return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(from + length)])
  },
  (bytes, random) => {
    const [from, length] = [place(bytes, random), 1 + below(random, 64)]
    return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(from, from + length), ...bytes.subarray(from)])
  },
  (bytes, random) => {
    const result = bytes.slice()
    const [from, to, length] = [place(bytes, random), place(bytes, random), 1 + below(random, 64)]
    result.set(bytes.subarray(from, from + Math.min(length, bytes.length - Math.max(from, to))), to)
    return result
  },
]

/** One to four damages. */
export const mutate = (bytes: Uint8Array, random: Random): Uint8Array => {
  let result = bytes
  for (let count = 1 + below(random, 4); count > 0; count--)
    if (result.length > 16) result = (mutations[below(random, mutations.length)] as Mutation)(result, random)
  return result
}
