import { valueAndGradWithAux } from '@grad-ts/autodiff'
import { softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import type { NamedConstants, NamedTensors, OnnxModel } from '@grad-ts/onnx'
import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import { adam, applyUpdates } from '@grad-ts/optim'
import { mean, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { renderLines } from './lines.ts'

export interface Start {
  readonly params: NamedConstants
  readonly state: NamedConstants
}

export interface Trained extends Start {
  readonly steps: number
  readonly loss: number
}

/** Trains a network on lines that it renders as it goes, for a number of seconds. */
export const train = async (model: OnnxModel, start: Start, batchSize: number, seconds: number): Promise<Trained> => {
  const solver = adam({ learningRate: 1e-3 })
  const first = { params: start.params as NamedTensors, statistics: start.state as NamedTensors, solver: solver.init(start.params) }
  const step = (state: typeof first, batch: { readonly images: Tensor; readonly labels: Tensor }) => {
    const objective = (params: NamedTensors): readonly [Tensor, NamedTensors] => {
      const [outputs, statistics] = model.applyWithState(params, state.statistics, { x: batch.images })
      return [mean(softmaxCrossEntropyWithIntegerLabels(outputs['directions'] as Tensor, batch.labels)), statistics]
    }
    const [[loss, statistics], gradients] = valueAndGradWithAux(objective)(state.params)
    const [updates, next] = solver.update(gradients, state.solver, { params: state.params })
    return [{ params: applyUpdates(state.params, updates), statistics, solver: next }, loss] as const
  }
  const program = await compileStepOrThrow(step, first, renderLines(batchSize, 0))
  let [steps, loss] = [0, Number.NaN]
  const started = performance.now()
  while (performance.now() - started < seconds * 1000) {
    steps++
    loss = toNumber(await program.runOrThrow(renderLines(batchSize, steps)))
    if (steps % 50 === 0) console.log(`step ${steps}, loss ${loss.toFixed(3)}`)
  }
  const { params, statistics } = await program.stateOrThrow()
  await program.dispose()
  return { params, state: statistics, steps, loss }
}
