import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { CompileStepOptions, Device } from '@grad-ts/onnxruntime'
import { evaluate, sizeOf, stack } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { StepCase } from './cases/case.ts'

/** One line of the report. */
export interface Measurement {
  readonly case: string
  readonly provider: Device
  readonly threads: number
  /** One run per step, or several steps inside one run. */
  readonly form: 'single' | 'loop'
  readonly stepsPerRun: number
  /** The median over the runs. */
  readonly msPerStep: number
  readonly compileMs: number
  readonly parameters: number
  /** For the update alone. */
  readonly nsPerParameter?: number
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

const rounded = (value: number): number => Number(value.toPrecision(4))

/** The same batch for each of several steps. */
export const stacked = (batch: Tree<Tensor>, steps: number): Tree<Tensor> =>
  map((leaf: Tensor): Tensor => evaluate(stack(Array.from({ length: steps }, () => leaf))), batch)

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const parametersOf = (state: Tree<Tensor>): number => {
  const { params } = state as { readonly params: Tree<Tensor> }
  return leaves<Tensor>(params).reduce((total, { shape }) => total + sizeOf(shape), 0)
}

export interface MeasureOptions extends Pick<CompileStepOptions, 'passes' | 'fuse' | 'precision'> {
  readonly device: Device
  readonly threads: number
}

/** Compiles a case in one form, warms it up and takes the median of its runs. */
export const measure = async (name: string, one: StepCase, form: Measurement['form'], options: MeasureOptions): Promise<Measurement> => {
  const steps = form === 'loop' ? one.loop : 1
  const compileOptions: CompileStepOptions = { ...options, ...(form === 'loop' && { stepsPerRun: steps }) }
  const compiled = { start: performance.now() }
  await using program = await compileStepOrThrow(one.step, one.state, one.batch, compileOptions)
  const compileMs = performance.now() - compiled.start
  const batch = form === 'loop' ? stacked(one.batch, steps) : one.batch
  const runs = Math.max(5, Math.round(one.runs / steps))
  for (let i = 0; i < runs / 5 + 2; i++) await program.runOrThrow(batch)
  const times: number[] = []
  for (let i = 0; i < runs; i++) times.push(await timed(() => program.runOrThrow(batch)))
  const msPerStep = median(times) / steps
  const parameters = parametersOf(one.state)
  return {
    case: name,
    provider: options.device,
    threads: options.threads,
    form,
    stepsPerRun: steps,
    msPerStep: rounded(msPerStep),
    compileMs: rounded(compileMs),
    parameters,
    ...(name.startsWith('adam') && { nsPerParameter: rounded((msPerStep * 1e6) / parameters) }),
  }
}
