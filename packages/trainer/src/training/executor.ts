import type { Tree } from '@grad-ts/tree'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { MemoryBudget } from '@grad-ts/onnx'
import type { CacheOptions, CompileStepOptions, Precision } from '@grad-ts/onnxruntime'
import { stackExamples } from '../data/dataset.ts'
import { unstackExamples } from '../data/examples.ts'
import { interpreted } from '../internal/settle.ts'

/** Where a program runs. `interpreter` needs no native library and is slow: for tests and tiny problems. */
export type Device = 'auto' | 'cpu' | 'cuda' | 'webgpu' | 'interpreter'

export interface ExecutorOptions {
  /** Default: cpu. */
  readonly device?: Device
  /** Threads of one operation on the CPU (default: all cores). */
  readonly threads?: number
  /**
   * `mixed` computes products of matrices and convolutions in float16; parameters, optimizer and all that needs range or digits stay
   * float32. For GPUs: cuda, and webgpu with the feature shader-f16; the cpu takes it too, but is slower with it (default `float32`).
   */
  readonly precision?: Precision
  /** Computes in a thread of its own, so that timers and servers of this one go on (default true). */
  readonly worker?: boolean
  /** A folder in which compiled steps are kept, so that the next start of the same training need not compile them (default: none). */
  readonly cache?: string | CacheOptions
}

/** A compiled step that owns its state. */
export interface Runner {
  /** Runs on one batch, or on K stacked ones; outputs are stacked likewise. */
  readonly run: (batch: Tree<Constant>) => Promise<Tree<Constant>>
  readonly state: () => Promise<Tree<Constant>>
  readonly setState: (state: Tree<Constant>) => Promise<void>
  readonly dispose: () => Promise<void>
}

export type Step = (state: Tree<Tensor>, batch: Tree<Tensor>) => readonly [Tree<Tensor>, Tree<Tensor>]

const interpretedRunner = async (step: Step, initial: Tree<Constant>, stepsPerRun: number, precision: Precision): Promise<Runner> => {
  const lower = precision === 'mixed' ? (await import('@grad-ts/onnx')).toMixedPrecision : undefined
  const program = interpreted((state, batch) => step(state ?? null, batch ?? null) as unknown as Tree<Tensor>, lower)
  let state = initial
  const once = (batch: Tree<Constant>): Tree<Constant> => {
    const [next, outputs] = program(state, batch) as unknown as [Tree<Constant>, Tree<Constant>]
    state = next
    return outputs
  }
  return {
    run: async (batch) => (stepsPerRun === 1 ? once(batch) : stackExamples(unstackExamples(batch).map(once))),
    state: async () => state,
    setState: async (next) => {
      state = next
    },
    dispose: async () => undefined,
  }
}

// A step of unknown trees: the types of its parts would be computed without end.
type Compile = (
  step: Step,
  state: Tree<Constant>,
  batch: Tree<Constant>,
  options: CompileStepOptions,
) => Promise<{
  readonly runOrThrow: (batch: Tree<Constant>) => Promise<Tree<Constant>>
  readonly stateOrThrow: () => Promise<Tree<Constant>>
  readonly setStateOrThrow: (state: Tree<Constant>) => Promise<void>
  readonly dispose: () => Promise<void>
}>

/** Compiles a step for a device. */
export const compileRunner = async (
  step: Step,
  state: Tree<Constant>,
  batch: Tree<Constant>,
  stepsPerRun: number,
  { device = 'cpu', threads, precision = 'float32', worker = true, cache }: ExecutorOptions,
  memoryBudget?: MemoryBudget,
): Promise<Runner> => {
  if (device === 'interpreter') return interpretedRunner(step, state, stepsPerRun, precision)
  const compile = (await import('@grad-ts/onnxruntime')).compileStepOrThrow as unknown as Compile
  const program = await compile(step, state, batch, {
    device,
    precision,
    worker,
    ...(stepsPerRun === 1 ? {} : { stepsPerRun }),
    ...(threads === undefined ? {} : { threads }),
    ...(memoryBudget === undefined ? {} : { memoryBudget }),
    ...(cache === undefined ? {} : { cache }),
  })
  return {
    run: program.runOrThrow,
    state: program.stateOrThrow,
    setState: program.setStateOrThrow,
    dispose: program.dispose,
  }
}
