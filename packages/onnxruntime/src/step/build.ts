import type { Graph } from '@grad-ts/tensor'
import { optimizeGraph } from '@grad-ts/onnx'
import type { MemoryBudget, StepGraph } from '@grad-ts/onnx'
import type { ConcreteDevice } from '../device.ts'
import { explainFitted } from '../memory.ts'
import { rewritesIn } from '../passes.ts'
import type { Pass } from '../passes.ts'
import type { Lower } from '../precision.ts'
import { updateChains } from '../wasm/chains.ts'
import { planSplit } from '../wasm/plan.ts'
import type { Fuse } from '../wasm/plan.ts'
import { packStep } from './pack.ts'
import type { Layout, PackedStep } from './pack.ts'
import { flatStep, planStep } from './plan.ts'
import type { StepPlan } from './plan.ts'

/** All that a step is compiled to: plain data, which can be kept. */
export interface CompiledStep extends StepPlan {
  /** How the state is packed, where it is. */
  readonly layout: Layout | undefined
}

export interface BuildOptions {
  readonly device: ConcreteDevice
  readonly threads: number | undefined
  readonly stepsPerRun: number | undefined
  readonly fuse: Fuse
  readonly passes: readonly Pass[]
  readonly memoryBudget: MemoryBudget | undefined
}

// Packing copies every parameter twice a step. On the CPU that costs more than the ops it saves when leaves are longer than this.
const longestPacked = 16_384

/** Packs the state where dispatching ops costs more than copying. */
const packWhenWorth = (graph: StepGraph, device: ConcreteDevice): PackedStep | undefined => {
  const { chains } = updateChains(graph)
  const mean = chains.reduce((total, { length }) => total + length, 0) / Math.max(chains.length, 1)
  return device === 'cpu' && mean > longestPacked ? undefined : packStep(graph, chains)
}

/** Compiles a traced step: rewrites it, splits or packs it, and writes its model. */
export const buildStep = (
  traced: StepGraph,
  lower: Lower,
  { passes, fuse, ...options }: BuildOptions,
): { readonly compiled: CompiledStep; readonly explain: () => string } => {
  const rewrites = rewritesIn(passes)
  const graph = optimizeGraph(traced, rewrites)
  const flat = flatStep(graph)
  const split = planSplit(flat, { fuse, ...options })
  const packed = split === undefined && passes.includes('packing') ? packWhenWorth(flat, options.device) : undefined
  const { plan, fitted } = planStep(packed?.graph ?? flat, { ...options, split, lower, rewrites })
  return {
    compiled: { ...plan, layout: packed?.layout },
    explain: () => explainFitted(lower(graph) as unknown as Graph, fitted),
  }
}
