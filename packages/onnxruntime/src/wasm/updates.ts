import type { Arena } from './arena.ts'
import { chainKey } from './chain.ts'
import type { Chain } from './chain.ts'
import { compileChains } from './kernel.ts'
import type { Kernel } from './kernel.ts'
import type { Source, Update } from './split.ts'
import type { Memory } from './webassembly.ts'

/** Runs every chain on its tensors; `scalar` reads a result of the session. */
export type RunUpdates = (scalar: (result: number) => number) => void

/** Compiles each distinct chain once. */
const kernelsFor = (chains: readonly Chain[], memory: Memory): ReadonlyMap<string, Kernel> => {
  const distinct = new Map(chains.map((chain) => [chainKey(chain), chain]))
  const kernels = compileChains([...distinct.values()], memory)
  return new Map([...distinct.keys()].map((key, i) => [key, kernels[i] as Kernel]))
}

/** Joins chains to the tensors in an arena. */
export const prepareUpdates = (updates: readonly Update[], arena: Arena): RunUpdates => {
  const kernels = kernelsFor(
    updates.map(({ chain }) => chain),
    arena.memory,
  )
  const address = (source: Source): number => arena.view(source).byteOffset
  const calls = updates.map(({ chain, length, tensors, scalars, results }) => {
    const kernel = kernels.get(chainKey(chain)) as Kernel
    const targets = results.map((index) => address({ from: 'state', index }))
    const fixed = [length * 4, ...tensors.map(address), ...targets]
    return (scalar: (result: number) => number): void => kernel(...fixed, ...scalars.map(scalar))
  })
  return (scalar) => {
    for (const call of calls) call(scalar)
  }
}
