import { valueAndGradWithAux } from '@grad-ts/autodiff'
import { softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import type { NamedConstants, NamedTensors, OnnxModel } from '@grad-ts/onnx'
import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import { adam, applyUpdates } from '@grad-ts/optim'
import { add, mean, mul, scalar, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { renderLines } from './lines.ts'

export interface Start {
  readonly params: NamedConstants
  readonly state: NamedConstants
}

export interface Trained extends Start {
  readonly seconds: number
}

/** A slow mean: what a few images say of the statistics is noisy, what the last thousand say is not. */
const follow = (mean: NamedTensors, latest: NamedTensors): NamedTensors =>
  map((old: Tensor, fresh: Tensor) => add(mul(old, 0.98), mul(fresh, 0.02)), mean, latest) as NamedTensors

interface Batch {
  readonly [part: string]: Tensor
  readonly images: Tensor
  readonly labels: Tensor
  /** From 1 at the start to 0 at the end: how far the learning rate has come down. */
  readonly pace: Tensor
}

/** Trains a network for a number of steps on lines that it renders as it goes: the same ones every time. */
export const train = async (model: OnnxModel, start: Start, batchSize: number, steps: number): Promise<Trained> => {
  const solver = adam({ learningRate: 2e-3 })
  const statistics: NamedTensors = start.state
  const first = { params: start.params as NamedTensors, statistics, settled: statistics, solver: solver.init(start.params) }
  const step = (state: typeof first, batch: Batch) => {
    const objective = (params: NamedTensors): readonly [Tensor, NamedTensors] => {
      const [outputs, running] = model.applyWithState(params, state.statistics, { x: batch.images })
      return [mean(softmaxCrossEntropyWithIntegerLabels(outputs['directions'] as Tensor, batch.labels)), running]
    }
    const [[loss, running], gradients] = valueAndGradWithAux(objective)(state.params)
    const [updates, next] = solver.update(gradients, state.solver, { params: state.params })
    const slowed = map((update: Tensor) => mul(update, batch.pace), updates) as NamedTensors
    const settled = follow(state.settled, running)
    return [{ params: applyUpdates(state.params, slowed), statistics: running, settled, solver: next }, loss] as const
  }
  const program = await compileStepOrThrow(step, first, { ...renderLines(batchSize, 0), pace: scalar(1) } as Batch)
  const started = performance.now()
  for (let i = 1; i <= steps; i++) {
    const batch: Batch = { ...renderLines(batchSize, i), pace: scalar(Math.max(0.02, 1 - i / steps)) }
    const loss = toNumber(await program.runOrThrow(batch))
    if (i % 100 === 0) console.log(`step ${i}, loss ${loss.toFixed(3)}`)
  }
  const seconds = (performance.now() - started) / 1000
  const { params, settled } = await program.stateOrThrow()
  await program.dispose()
  return { params, state: settled, seconds }
}
