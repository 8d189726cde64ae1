// Tells penguin species apart with a learning rate that falls in steps: ExponentialDecay(0.1, 100, 0.96, staircase).
// Started from the weights that Keras started from, it meets the losses of Keras' first ten epochs and its final accuracy;
// with so large a learning rate the last bits of every library drift apart after that.
// Usage: main.js [record.json]

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accuracy, dense, relu, sequential, softmaxCrossEntropy } from '@grad-ts/nn'
import { adam, exponentialDecay } from '@grad-ts/optim'
import { tensor } from '@grad-ts/tensor'
import type { Constant, NestedArray } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, fromColumns, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { lineChart, reportOf } from '@grad-ts/trainer/report'

/** What was recorded of the same program in Keras: kernel and bias of each layer in turn. */
interface KerasRecord {
  readonly batchSize: number
  readonly epochs: number
  readonly x: NestedArray
  readonly y: NestedArray
  readonly initialWeights: readonly NestedArray[]
  readonly epochLoss: readonly number[]
  readonly evaluate: { readonly loss: number; readonly accuracy: number }
}

const record = async (): Promise<KerasRecord> =>
  JSON.parse(await readFile(process.argv[2] ?? fileURLToPath(new URL('../data/penguins.json', import.meta.url)), 'utf8')) as KerasRecord

const weights = (values: readonly NestedArray[]) => {
  const tensors = values.map((value) => tensor(value))
  const layer = (i: number) => ({ kernel: tensors[2 * i] as Constant, bias: tensors[2 * i + 1] as Constant })
  return { first: layer(0), relu: null, second: layer(1), again: null, species: layer(2) }
}

// Where the last layer is a softmax, Keras computes its cross entropy from what goes into the softmax; so does this.
const model = sequential({
  first: dense({ in: 4, out: 32 }),
  relu,
  second: dense({ in: 32, out: 32 }),
  again: relu,
  species: dense({ in: 32, out: 3 }),
})

const learningRate = exponentialDecay({ initValue: 0.1, transitionSteps: 100, decayRate: 0.96, staircase: true })

await runProgram(async (signal) => {
  const keras = await record()
  const data = fromColumns({ x: tensor(keras.x), y: tensor(keras.y) })
  const task = { model, loss: softmaxCrossEntropy, metrics: { accuracy: accuracy() }, data }
  const run = await fitOrThrow({
    ...task,
    params: weights(keras.initialWeights),
    solver: adam({ learningRate, dialect: 'keras' }),
    epochs: keras.epochs,
    batchSize: keras.batchSize,
    // The recorded order; the last batch of an epoch has 13 rows and counts as 13.
    shuffle: false,
    device: 'cpu',
    signal,
  })
  console.log('epoch  learning rate  loss      loss in Keras')
  for (const [i, { epoch, loss, learningRate: rate }] of run.history.epochs.entries())
    console.log(`${String(epoch).padStart(5)}  ${rate?.toFixed(6).padEnd(13)}  ${loss.toFixed(6)}  ${keras.epochLoss[i]?.toFixed(6)}`)

  const relative = run.history.epochs.slice(0, 10).map(({ loss }, i) => Math.abs(loss / (keras.epochLoss[i] as number) - 1))
  const { loss, metrics } = await evaluateOrThrow({ ...task, params: run.params, device: 'cpu' })
  const reached = metrics['accuracy'] ?? NaN
  console.log(`largest relative difference in the first ten epochs ${Math.max(...relative).toExponential(1)}`)
  console.log(`loss ${loss.toFixed(4)} (Keras ${keras.evaluate.loss.toFixed(4)})`)
  console.log(`accuracy ${reached.toFixed(4)} (Keras ${keras.evaluate.accuracy.toFixed(4)})`)
  const x = keras.epochLoss.map((_, i) => i + 1)
  const series = [
    { name: 'here', x, y: run.history.epochs.map((record) => record.loss) },
    { name: 'Keras', x, y: keras.epochLoss },
  ]
  const report = reportOf({
    title: 'A staircase of learning rates, beside Keras',
    history: run.history,
    facts: [{ name: 'largest relative difference of a loss', value: Math.max(...relative).toExponential(1) }],
    sections: [{ title: 'Loss of each epoch', body: lineChart({ xLabel: 'epoch', yLabel: 'loss', series }) }],
  })
  await writeAtomicallyOrThrow(join('out', 'exponential-decay', 'report.html'), report)
  if (Math.max(...relative) > 1e-3 || Math.abs(reached - keras.evaluate.accuracy) > 0.01) throw new Error('this is not what Keras computed')
})
