import { sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { SplitStep, Source } from './split.ts'
import { createMemory } from './webassembly.ts'
import type { Memory } from './webassembly.ts'

/** Tensors of a split step in one WebAssembly memory: the state that chains touch, and what they read of batch and session. */
export interface Arena {
  readonly memory: Memory
  readonly has: (source: Source) => boolean
  /** The elements of a leaf, or of a whole output of the session. */
  readonly view: (source: Source) => Float32Array<ArrayBuffer>
  /** The leaves of the state end before this byte; they come first. */
  readonly stateBytes: number
}

// A cache line, so that no two tensors share one; whole vectors, so that kernels need no tail.
const alignment = 64
const pageBytes = 65_536

const keyOf = ({ from, index }: Source): string => `${from}.${index}`

/** Lists the tensors that chains touch, those of the state first, and their lengths. */
const tensorsOf = ({ updates, session }: SplitStep): ReadonlyMap<string, { readonly source: Source; readonly length: number }> => {
  const lengthOf = ({ from, index }: Source, length: number): number =>
    from === 'session' ? sizeOf((session.outputs[index] as Tensor).shape) : length
  const found = updates.flatMap(({ tensors, results, length }) =>
    [...results.map((index): Source => ({ from: 'state', index })), ...tensors].map((source) => ({
      source,
      length: lengthOf(source, length),
    })),
  )
  const inMemory = (isState: boolean) => found.filter(({ source }) => (source.from === 'state') === isState)
  return new Map([...inMemory(true), ...inMemory(false)].map((entry) => [keyOf(entry.source), entry]))
}

// The last vector of a tensor inside a packed output may reach three elements beyond the end.
const bytesOf = (length: number): number => Math.ceil(((length + 3) * 4) / alignment) * alignment

/** How many bytes an arena for a split step takes. */
export const arenaBytes = (split: SplitStep): number =>
  [...tensorsOf(split).values()].reduce((total, { length }) => total + bytesOf(length), 0)

/** The most that a WebAssembly memory can hold. */
export const largestArena = 65_536 * pageBytes

/** Lays the tensors out, all zero. The memory never grows: growing would cut the views off. */
export const createArena = (split: SplitStep): Arena => {
  const memory = createMemory(Math.ceil(arenaBytes(split) / pageBytes))
  const views = new Map<string, Float32Array<ArrayBuffer>>()
  let [at, stateBytes] = [0, 0]
  for (const [key, { source, length }] of tensorsOf(split)) {
    views.set(key, new Float32Array(memory.buffer, at, length))
    at += bytesOf(length)
    if (source.from === 'state') stateBytes = at
  }
  return {
    memory,
    has: (source) => views.has(keyOf(source)),
    view: (source) => views.get(keyOf(source)) as Float32Array<ArrayBuffer>,
    stateBytes,
  }
}
