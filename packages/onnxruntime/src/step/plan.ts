import { leaves } from '@grad-ts/tree'
import { constantOf, input } from '@grad-ts/tensor'
import type { Constant, DType, Graph, Shape, Tensor } from '@grad-ts/tensor'
import { optimizeGraph, toLoopModel, toModel } from '@grad-ts/onnx'
import type { MemoryBudget, PassName, StepGraph } from '@grad-ts/onnx'
import type { ConcreteDevice } from '../device.ts'
import { targetOf } from '../device.ts'
import { fitMemory } from '../memory.ts'
import type { Fitted } from '../memory.ts'
import type { Lower } from '../precision.ts'
import type { SplitStep } from '../wasm/split.ts'

/** What a thread needs to know of a tensor. */
export interface TensorType {
  readonly shape: Shape
  readonly dtype: DType
}

/** A compiled step as plain data, so that it can be sent to the thread that runs it. */
export interface StepPlan {
  readonly model: Uint8Array
  readonly device: ConcreteDevice
  readonly threads: number | undefined
  readonly stepsPerRun: number | undefined
  readonly state: readonly TensorType[]
  readonly batch: readonly TensorType[]
  readonly outputs: readonly TensorType[]
  /** Whether the session must save memory. */
  readonly frugal: boolean
  /** The part of the update that runs in WebAssembly, when it pays; the model is then the rest. */
  readonly split:
    | (Omit<SplitStep, 'session'> & {
        readonly session: { readonly inputs: readonly TensorType[]; readonly outputs: readonly TensorType[] }
      })
    | undefined
}

const typesOf = (tensors: readonly Tensor[]): TensorType[] => tensors.map(({ shape, dtype }) => ({ shape, dtype }))

/** Makes tensors of given types, which stand for others that a thread does not have. */
export const standIns = (types: readonly TensorType[]): Tensor[] => types.map(({ shape, dtype }, i) => input(String(i), shape, dtype))

/** A step with lists in place of its trees, so that its ports are numbered. */
export const flatStep = (graph: StepGraph): StepGraph => ({
  inputs: [leaves<Tensor>(graph.inputs[0]), leaves<Tensor>(graph.inputs[1])],
  outputs: [leaves<Tensor>(graph.outputs[0]), leaves<Tensor>(graph.outputs[1])],
})

export interface PlanOptions extends Pick<StepPlan, 'device' | 'threads' | 'stepsPerRun'> {
  readonly split: SplitStep | undefined
  /** Brings the model to its precision; chains in WebAssembly stay float32. */
  readonly lower: Lower
  readonly memoryBudget: MemoryBudget | undefined
  /** What is done to the session of a split. */
  readonly rewrites: readonly PassName[]
}

/** A plan with the graph that its model was written from. */
export interface PlannedStep {
  readonly plan: StepPlan
  readonly fitted: Fitted
}

/** Writes the model of a step, or of what a split leaves to the session. */
export const planStep = (graph: StepGraph, { split, lower, memoryBudget, rewrites, ...options }: PlanOptions): PlannedStep => {
  const target = targetOf(options.device)
  const session: Graph = lower(split === undefined ? (graph as Graph) : (optimizeGraph(split.session, rewrites) as Graph))
  const fitted = fitMemory(session, memoryBudget, target)
  const looped = split === undefined && options.device !== 'webgpu' ? options.stepsPerRun : undefined
  const model =
    looped === undefined ? toModel(fitted.graph, { target }) : toLoopModel(fitted.graph as unknown as StepGraph, looped, { target })
  const plan: StepPlan = {
    ...options,
    model,
    state: typesOf(leaves<Tensor>(graph.inputs[0])),
    batch: typesOf(leaves<Tensor>(graph.inputs[1])),
    outputs: typesOf(leaves<Tensor>(graph.outputs[1])),
    frugal: fitted.frugal,
    split: split && { ...split, session: { inputs: typesOf(split.session.inputs), outputs: typesOf(split.session.outputs) } },
  }
  return { plan, fitted }
}

/** A constant as plain data. */
export interface PlainConstant extends TensorType {
  readonly data: Constant['attributes']['data']
}

export const toPlain = ({ attributes: { data }, shape, dtype }: Constant): PlainConstant => ({ data, shape, dtype })
export const fromPlain = ({ data, shape, dtype }: PlainConstant): Constant => constantOf(data, shape, dtype)
