import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { allocate, constantOf, runGraph, sizeOf, trace } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { createArena } from '../../src/wasm/arena.ts'
import type { Place } from '../../src/wasm/pack.ts'
import { splitStep } from '../../src/wasm/split.ts'
import type { SplitStep } from '../../src/wasm/split.ts'
import { prepareUpdates } from '../../src/wasm/updates.ts'

export type Step = (state: never, batch: never) => readonly [Tree<Tensor>, Tree<Tensor>]

export const graphOf = (step: Step, state: Tree<Tensor>, batch: Tree<Tensor>): StepGraph =>
  trace(step as unknown as (...args: readonly Tree<Tensor>[]) => Tree<Tensor>, [state, batch]) as unknown as StepGraph

/** Runs a split step: its session in the interpreter, its chains as kernels. */
export const runSplit = (split: SplitStep, state: Tree<Constant>, batch: Tree<Constant>): Constant[] => {
  const known = { state: leaves<Constant>(state), batch: leaves<Constant>(batch), session: [] as readonly Constant[] }
  const inputs = split.reads.map(({ from, index }) => known[from][index] as Constant)
  known.session = runGraph(split.session, inputs as readonly Tensor[]) as unknown as readonly Constant[]
  const arena = createArena(split)
  const sources = split.updates.flatMap(({ tensors }) => tensors)
  for (const source of sources) arena.view(source).set((known[source.from][source.index] as Constant).attributes.data)
  const element = ({ index, offset }: Place, i = 0): number => (known.session[index] as Constant).attributes.data[offset + i] as number
  prepareUpdates(split.updates, arena)(element)
  const fused = new Set(split.updates.flatMap(({ results }) => results))
  return known.state.map((old, index) => {
    if (fused.has(index)) return constantOf(arena.view({ from: 'state', index }), old.shape, old.dtype)
    const place = split.kept.find(({ leaf }) => leaf === index)?.place
    if (place === undefined) return old
    const data = allocate(old.dtype, sizeOf(old.shape)).map((_, i) => element(place, i))
    return constantOf(data, old.shape, old.dtype)
  })
}

/** The new state of a step, by the interpreter alone and as a split step. */
export const bothWays = (step: Step, state: Tree<Constant>, batch: Tree<Constant>) => {
  const graph = graphOf(step, state, batch)
  const split = splitStep(graph)
  const [expected] = runGraph(graph as never, [state, batch] as never) as unknown as readonly [Tree<Constant>]
  return { split, expected: leaves<Constant>(expected), actual: runSplit(split, state, batch) }
}
