import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { ConcreteDevice, Precision } from '@grad-ts/onnxruntime'
import type { Constant } from '@grad-ts/tensor'
import type { StepCase } from '../cases/case.ts'
import { cnn } from '../cases/cnn.ts'
import { mlp, small } from '../cases/dense.ts'
import { gpt, largeGpt } from '../cases/gpt.ts'
import { measure } from '../measure.ts'
import type { Measurement } from '../measure.ts'

/** A reference model on a device beside the cpu. */
export interface ModelAgreement {
  readonly check: 'model'
  readonly model: string
  /** The largest relative difference of the losses over the steps. */
  readonly difference: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly fallsBack: boolean
  readonly memcpyNodes: number
}

type MakeCase = (scaled: boolean) => StepCase

const models: Readonly<Record<string, MakeCase>> = { small, mlp, cnn, gpt }

const lossesOf = async (one: StepCase, device: ConcreteDevice, precision: Precision, steps: number): Promise<number[]> => {
  await using program = await compileStepOrThrow(one.step, one.state, one.batch, { device, precision })
  const losses: number[] = []
  for (let i = 0; i < steps; i++) losses.push(((await program.runOrThrow(one.batch)) as Constant).attributes.data[0] as number)
  return losses
}

const checkModel = async (model: string, one: StepCase, device: ConcreteDevice, precision: Precision): Promise<ModelAgreement> => {
  const [actual, expected] = [await lossesOf(one, device, precision, 5), await lossesOf(one, 'cpu', precision, 5)]
  const difference = Math.max(...expected.map((loss, i) => Math.abs(loss - (actual[i] as number)) / Math.abs(loss)))
  const loop = device === 'cuda' ? { stepsPerRun: 10 } : {}
  await using program = await compileStepOrThrow(one.step, one.state, one.batch, { device, precision, ...loop })
  const { bytesIn, bytesOut, fallsBack, ops } = await program.profileOrThrow()
  return {
    check: 'model',
    model,
    difference,
    bytesIn,
    bytesOut,
    fallsBack,
    memcpyNodes: ops.filter(({ op }) => op.startsWith('Memcpy')).length,
  }
}

/** Trains the reference models for a few steps on a device and on the cpu, in one precision. */
export async function* checkModels(
  device: ConcreteDevice,
  precision: Precision,
  names: readonly string[] = Object.keys(models),
): AsyncGenerator<ModelAgreement> {
  for (const name of names) yield await checkModel(name, (models[name] as MakeCase)(precision === 'mixed'), device, precision)
}

const timed: Readonly<Record<string, MakeCase>> = { mlp, cnn, gpt, 'gpt-large': largeGpt }

/** The models whose steps are timed. */
export const timedModels: readonly string[] = Object.keys(timed)

/** Times the models with 1, 10 and 100 steps per run. */
export async function* timeModels(
  device: ConcreteDevice,
  precision: Precision,
  names: readonly string[] = timedModels,
  steps: readonly number[] = [1, 10, 100],
): AsyncGenerator<Measurement> {
  for (const name of names)
    for (const loop of steps) {
      const one = { ...(timed[name] as MakeCase)(precision === 'mixed'), loop, runs: 5 * loop }
      yield await measure(name, one, loop === 1 ? 'single' : 'loop', { device, precision, threads: 1 })
    }
}
