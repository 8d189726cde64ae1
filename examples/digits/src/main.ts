// Recognises handwritten digits: trains a dense network on MNIST, writes what it learned to out/digits, and reads it back.

import { join } from 'node:path'
import { accuracy, dense, relu, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { addDecayedWeights, chain, clipByGlobalNorm, scaleByAdam, scaleByLearningRate, warmupCosineDecay } from '@grad-ts/optim'
import { zeros } from '@grad-ts/tensor'
import {
  countBatches,
  exportOnnxOrThrow,
  fitOrThrow,
  progressBar,
  runProgram,
  saveTensorsOrThrow,
  writeAtomicallyOrThrow,
} from '@grad-ts/trainer'
import { readMnist } from './mnist.ts'
import { runOnnx } from './onnx.ts'
import { digitsReport, readings } from './report.ts'

const out = join('out', 'digits')
const epochs = 5
const batchSize = 128

const model = sequential({
  first: dense({ in: 784, out: 256 }),
  relu,
  second: dense({ in: 256, out: 128 }),
  again: relu,
  digits: dense({ in: 128, out: 10 }),
})

const solverFor = (steps: number) =>
  chain(
    clipByGlobalNorm(1),
    scaleByAdam(),
    addDecayedWeights(0.01, { mask: (_, leaf) => leaf.shape.length > 1 }),
    scaleByLearningRate(warmupCosineDecay({ initValue: 0, peakValue: 2e-3, warmupSteps: 200, totalSteps: steps })),
  )

const share = (right: number, all: number): string => (right / all).toFixed(4)

await runProgram(async (signal) => {
  const { training, test } = await readMnist()
  const steps = epochs * (countBatches(training.data, batchSize) as number)
  const started = performance.now()
  const run = await fitOrThrow({
    model,
    loss: softmaxCrossEntropyWithIntegerLabels,
    metrics: { accuracy: accuracy() },
    data: training.data,
    validation: { data: test.data, batchSize: 1000 },
    solver: solverFor(steps),
    epochs,
    batchSize,
    monitor: true,
    device: 'cpu',
    observers: [progressBar()],
    signal,
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const measured = run.history.epochs.at(-1)?.validation?.metrics['accuracy'] ?? NaN

  await exportOnnxOrThrow(join(out, 'model.onnx'), { model, params: run.params, inputs: zeros([1, 784]) })
  await saveTensorsOrThrow(join(out, 'model.safetensors'), run.params)
  await writeAtomicallyOrThrow(join(out, 'history.json'), JSON.stringify(run.history))

  // The file alone, in a session that knows nothing of the training, must do as well.
  const logits = await runOnnx(join(out, 'model.onnx'), test.columns.x)
  const truths = test.columns.y.attributes.data
  const right = readings(logits).filter((digit, i) => digit === truths[i]).length
  if (Math.abs(right / truths.length - measured) > 1e-6)
    throw new Error(`model.onnx reads ${right} of ${truths.length} digits, the trained model ${measured * truths.length}`)

  const facts = { 'test accuracy': `${(100 * measured).toFixed(2)} %`, 'seconds of training': seconds, updates: String(steps) }
  await writeAtomicallyOrThrow(join(out, 'report.html'), digitsReport(run.history, test.columns, logits, facts))
  console.log(`trained in ${seconds} s; wrote model.onnx, model.safetensors, history.json and report.html to ${out}`)
  console.log(`test accuracy ${share(right, truths.length)}`)
})
