import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { ConcreteDevice, Precision } from '@grad-ts/onnxruntime'
import { lossScalingOf } from '@grad-ts/optim'
import { stack, evaluate, tensor, toNumber } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import type { StepCase } from '../cases/case.ts'
import { denseCase } from '../cases/dense.ts'
import { gptCase } from '../cases/gpt.ts'
import { gaussian } from '../cases/training.ts'

/** Two runs of one training: in float32 and in mixed precision. */
export interface Convergence {
  readonly check: 'convergence'
  readonly model: string
  /** The mean loss of the first steps, in float32. */
  readonly start: number
  /** The mean losses of the last steps. */
  readonly float32: number
  readonly mixed: number
  /** The difference of the two, relative to the start. */
  readonly difference: number
  readonly lossScale: number
  readonly skipped: number
}

/** A training: its step, and the batch of every step. */
interface Problem {
  readonly make: (scaled: boolean) => StepCase
  readonly batches: readonly Tree<Tensor>[]
}

const options = (scaled: boolean) => ({ runs: 1, loop: 1, scaled })

/** Points whose class is whether both coordinates have one sign. */
const quadrants = (): Problem => {
  const x = gaussian(3, [64, 2])
  const at = (row: number, axis: number): number => x.attributes.data[2 * row + axis] as number
  const y = tensor(Int32Array.from({ length: 64 }, (_, row) => Number(at(row, 0) * at(row, 1) > 0)))
  return { make: (scaled) => denseCase([2, 64, 64, 2], 64, options(scaled)), batches: Array.from({ length: 120 }, () => ({ x, y })) }
}

const text = 'a quick brown fox jumps over the lazy dog, and the dog sleeps on; then the fox jumps back over the dog. '
const alphabet = [...new Set(text)]
const tokens = Int32Array.from({ length: text.length }, (_, i) => alphabet.indexOf(text.charAt(i)))

const [context, rows] = [16, 16] as const

/** The token at each place of a window, or the one after it; windows start all over the text. */
const windows = (step: number, shift: number): Constant =>
  evaluate(
    stack(
      Array.from({ length: rows }, (_, row) => {
        const start = (step * 37 + row * 13) % tokens.length
        return tensor(Int32Array.from({ length: context }, (__, i) => tokens[(start + i + shift) % tokens.length] as number))
      }),
    ),
  ) as Constant

/** A character model that learns a sentence. */
const sentence = (): Problem => ({
  make: (scaled) => gptCase({ layers: 1, heads: 2, width: 32, context, batch: rows }, options(scaled)),
  batches: Array.from({ length: 150 }, (_, step) => ({ x: windows(step, 0), y: windows(step, 1) })),
})

const problems: Readonly<Record<string, () => Problem>> = { quadrants, sentence }

export const convergenceProblems: readonly string[] = Object.keys(problems)

const train = async ({ make, batches }: Problem, device: ConcreteDevice, precision: Precision) => {
  const { step, state } = make(precision === 'mixed')
  await using program = await compileStepOrThrow(step, state, batches[0] as Tree<Tensor>, { device, precision, threads: 1 })
  const losses: number[] = []
  for (const batch of batches) losses.push(toNumber((await program.runOrThrow(batch)) as Constant))
  return { losses, end: (await program.stateOrThrow()) as Tree<Tensor> }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Trains a problem twice on a device. */
export const checkConvergence = async (model: string, device: ConcreteDevice): Promise<Convergence> => {
  const problem = (problems[model] as () => Problem)()
  const plain = await train(problem, device, 'float32')
  const { losses, end } = await train(problem, device, 'mixed')
  const start = mean(plain.losses.slice(0, 5))
  const [float32, mixed] = [mean(plain.losses.slice(-10)), mean(losses.slice(-10))]
  const scaling = lossScalingOf(end)
  return {
    check: 'convergence',
    model,
    start,
    float32,
    mixed,
    difference: Math.abs(mixed - float32) / start,
    lossScale: toNumber(scaling?.lossScale as Constant),
    skipped: toNumber(scaling?.skipped as Constant),
  }
}
