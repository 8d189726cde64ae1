// Tells male from female penguins: Dense(10, relu) → Dense(1, sigmoid), Adam, binary cross-entropy, ten epochs of 32.
// Started from the weights that Keras started from, it meets Keras' losses and final weights.
// Usage: main.js [record.json]

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaryAccuracy, binaryCrossEntropy, dense, relu, sequential, sigmoid } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
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
  readonly finalWeights: readonly NestedArray[]
  readonly epochLoss: readonly number[]
  readonly evaluate: { readonly loss: number; readonly accuracy: number }
}

const record = async (): Promise<KerasRecord> =>
  JSON.parse(await readFile(process.argv[2] ?? fileURLToPath(new URL('../data/penguins.json', import.meta.url)), 'utf8')) as KerasRecord

const weights = (values: readonly NestedArray[]) => {
  const [kernel, bias, outKernel, outBias] = values.map((value) => tensor(value)) as [Constant, Constant, Constant, Constant]
  return { hidden: { kernel, bias }, relu: null, out: { kernel: outKernel, bias: outBias }, sigmoid: null }
}

const model = sequential({ hidden: dense({ in: 7, out: 10 }), relu, out: dense({ in: 10, out: 1 }), sigmoid })

const numbers = (params: ReturnType<typeof weights>): number[] =>
  [params.hidden, params.out].flatMap(({ kernel, bias }) => [...kernel.attributes.data, ...bias.attributes.data])

const largestGap = (left: readonly number[], right: readonly number[]): number =>
  Math.max(...left.map((value, i) => Math.abs(value - (right[i] as number))))

await runProgram(async (signal) => {
  const keras = await record()
  const data = fromColumns({ x: tensor(keras.x), y: tensor(keras.y) })
  const task = { model, loss: binaryCrossEntropy, metrics: { accuracy: binaryAccuracy() }, data }
  const run = await fitOrThrow({
    ...task,
    params: weights(keras.initialWeights),
    solver: adam({ learningRate: 0.001, dialect: 'keras' }),
    epochs: keras.epochs,
    batchSize: keras.batchSize,
    // The recorded order; the last batch of an epoch has 13 rows and counts as 13.
    shuffle: false,
    device: 'cpu',
    signal,
  })
  console.log('epoch  loss      loss in Keras')
  for (const [i, { epoch, loss }] of run.history.epochs.entries())
    console.log(`${String(epoch).padStart(5)}  ${loss.toFixed(6)}  ${keras.epochLoss[i]?.toFixed(6)}`)

  const relative = run.history.epochs.map(({ loss }, i) => Math.abs(loss / (keras.epochLoss[i] as number) - 1))
  const { params } = run
  const weightGap = largestGap(numbers(params as ReturnType<typeof weights>), numbers(weights(keras.finalWeights)))
  const { loss, metrics } = await evaluateOrThrow({ ...task, params, device: 'cpu' })
  console.log(
    `largest relative difference of a loss ${Math.max(...relative).toExponential(1)}, largest difference of a weight ${weightGap.toExponential(1)}`,
  )
  console.log(`loss ${loss.toFixed(4)} (Keras ${keras.evaluate.loss.toFixed(4)})`)
  console.log(`accuracy ${metrics['accuracy']?.toFixed(4)} (Keras ${keras.evaluate.accuracy.toFixed(4)})`)
  const x = keras.epochLoss.map((_, i) => i + 1)
  const series = [
    { name: 'here', x, y: run.history.epochs.map((record) => record.loss) },
    { name: 'Keras', x, y: keras.epochLoss },
  ]
  const report = reportOf({
    title: 'Penguins, beside Keras',
    history: run.history,
    facts: [{ name: 'largest relative difference of a loss', value: Math.max(...relative).toExponential(1) }],
    sections: [{ title: 'Loss of each epoch', body: lineChart({ xLabel: 'epoch', yLabel: 'loss', series }) }],
  })
  await writeAtomicallyOrThrow(join('out', 'simple-net', 'report.html'), report)
  if (Math.max(...relative) > 1e-4 || weightGap > 1e-3) throw new Error('this is not what Keras computed')
})
