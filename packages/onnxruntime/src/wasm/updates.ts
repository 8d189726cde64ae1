import type { Arena } from './arena.ts'
import { chainKey } from './chain.ts'
import type { Chain } from './chain.ts'
import { compileChains } from './kernel.ts'
import type { Kernel } from './kernel.ts'
import type { Place } from './pack.ts'
import type { Source, Update } from './split.ts'
import type { Memory } from './webassembly.ts'

/** Reads a number that the session computed. */
type ReadScalar = (place: Place) => number

/** Runs every chain on its tensors. */
export type RunUpdates = (scalar: ReadScalar) => void

/** Compiles each distinct chain once and gives every chain its kernel. */
const kernelsFor = (chains: readonly Chain[], memory: Memory): Kernel[] => {
  const keys = chains.map(chainKey)
  const distinct = new Map(chains.map((chain, i) => [keys[i] as string, chain]))
  const compiled = compileChains([...distinct.values()], memory)
  const kernels = new Map([...distinct.keys()].map((key, i) => [key, compiled[i] as Kernel]))
  return keys.map((key) => kernels.get(key) as Kernel)
}

/** Joins chains to the tensors in an arena. */
export const prepareUpdates = (updates: readonly Update[], arena: Arena): RunUpdates => {
  const kernels = kernelsFor(
    updates.map(({ chain }) => chain),
    arena.memory,
  )
  const address = (source: Source): number => arena.view(source).byteOffset + (source.offset ?? 0) * 4
  const calls = updates.map(({ length, tensors, scalars, results }, i) => {
    const kernel = kernels[i] as Kernel
    const targets = results.map((index) => address({ from: 'state', index }))
    const fixed = [length * 4, ...tensors.map(address), ...targets]
    return (scalar: ReadScalar): void => kernel(...fixed, ...scalars.map((place) => scalar(place)))
  })
  return (scalar) => {
    for (const call of calls) call(scalar)
  }
}
