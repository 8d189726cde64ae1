// Translates numbers from English to German, word by word: "twenty seven" becomes "sieben und zwanzig". An encoder reads the English
// words, a decoder writes the German ones and looks back at the English through attention. Tested on numbers that it never saw.

import { join } from 'node:path'
import { decoderBlock, dense, embedding, encoderBlock, softmaxCrossEntropyWithIntegerLabels, statelessLayer } from '@grad-ts/nn'
import { adam, chain, clipByGlobalNorm, warmupCosineDecay } from '@grad-ts/optim'
import { cast, evaluate, key, notEqual, splitKey, tensor, uniform } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { countBatches, fitOrThrow, fromColumns, predictOrThrow, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { htmlTable, reportOf } from '@grad-ts/trainer/report'
import { english, german } from './numbers.ts'

const [size, length, padding, begin] = [64, 14, 0, 1]

/** All words of a language that the numbers below a thousand and "thousand" use; 0 is padding, 1 begins and ends. */
const vocabularyOf = (write: (n: number) => string): readonly string[] => [
  '',
  '.',
  ...new Set(Array.from({ length: 999 }, (_, i) => `${write(i + 1)} ${write(1000 + i)}`).flatMap((text) => text.split(' '))),
]
const [source, target] = [vocabularyOf(english), vocabularyOf((n) => german(n))]

const idsOf = (vocabulary: readonly string[], texts: readonly string[], first: readonly number[], last: readonly number[]): Constant => {
  const ids = new Int32Array(texts.length * length)
  texts.forEach((text, row) => ids.set([...first, ...text.split(' ').map((word) => vocabulary.indexOf(word)), ...last], row * length))
  return tensor(ids, { shape: [texts.length, length] })
}

type Pair = { readonly english: Tensor; readonly german: Tensor }

const pairsOf = (numbers: readonly number[]) => {
  const [from, to] = [numbers.map(english), numbers.map((n) => german(n))]
  return { x: { english: idsOf(source, from, [], []), german: idsOf(target, to, [begin], []) }, y: idsOf(target, to, [], [begin]) }
}

const parts = {
  english: embedding({ count: source.length, size }),
  encoder: encoderBlock({ size, heads: 4, rotary: true }),
  german: embedding({ count: target.length, size }),
  decoder: decoderBlock({ size, heads: 4, rotary: true }),
  words: dense({ in: size, out: target.length }),
}

const model = statelessLayer({
  name: 'translator',
  init: (seed: Tensor) => {
    const [a, b, c, d, e] = splitKey(seed, 5)
    const [reader, writer] = [parts.english.init(a), parts.german.init(b)]
    return { english: reader, german: writer, encoder: parts.encoder.init(c), decoder: parts.decoder.init(d), words: parts.words.init(e) }
  },
  apply: (params, x: Pair, context) => {
    const memoryMask = notEqual(x.english, padding)
    const memory = parts.encoder.apply(params.encoder, parts.english.apply(params.english, x.english), { ...context, mask: memoryMask })
    const written = parts.decoder.apply(params.decoder, { x: parts.german.apply(params.german, x.german), memory, memoryMask }, context)
    return parts.words.apply(params.words, written)
  },
})

/** Writes the most likely next word, again and again. */
const translate = async (params: ReturnType<typeof model.init>, numbers: readonly number[]): Promise<string[]> => {
  const { x } = pairsOf(numbers)
  const written = new Int32Array(numbers.length * length)
  for (let row = 0; row < numbers.length; row++) written[row * length] = begin
  for (let place = 0; place < length - 1; place++) {
    const soFar = { english: x.english, german: tensor(written.slice(), { shape: [numbers.length, length] }) }
    const { attributes } = await predictOrThrow({ model, params, inputs: soFar })
    for (let row = 0; row < numbers.length; row++) {
      const scores = attributes.data.subarray((row * length + place) * target.length, (row * length + place + 1) * target.length)
      written[row * length + place + 1] = scores.indexOf(Math.max(...scores))
    }
  }
  return numbers.map((_, row) => {
    const words = [...written.subarray(row * length + 1, (row + 1) * length)].map((id) => target[id] as string)
    return words.slice(0, words.indexOf('.') < 0 ? words.length : words.indexOf('.')).join(' ')
  })
}

await runProgram(async (signal) => {
  const draws = [...(evaluate(uniform(key(5), [6000])) as Constant).attributes.data].map((share) => 1 + Math.floor(share ** 3 * 999_998))
  const test = [...new Set(draws)].slice(0, 300)
  const training = fromColumns(pairsOf(draws.filter((n) => !test.includes(n))))
  const epochs = 6
  const steps = epochs * (countBatches(training, 64) as number)
  const learningRate = warmupCosineDecay({ initValue: 0, peakValue: 4e-3, warmupSteps: 100, totalSteps: steps })
  const run = await fitOrThrow({
    model,
    loss: softmaxCrossEntropyWithIntegerLabels,
    // Every word counts alike, padding not at all.
    weights: ({ y }) => cast(notEqual(y, padding), 'float32'),
    data: training,
    solver: chain(clipByGlobalNorm(1), adam({ learningRate })),
    epochs,
    batchSize: 64,
    observers: [progressBar()],
    signal,
  })
  const translations = await translate(run.params, test)
  const right = translations.filter((text, i) => text === german(test[i] as number)).length / test.length
  const rows = test.slice(0, 12).map((n, i) => [String(n), english(n), translations[i] as string])
  const report = reportOf({
    title: 'Translation',
    note: `${training.size} numbers to learn from, ${test.length} others to test; a translation counts when every word is right.`,
    history: run.history,
    facts: [{ name: 'right translations', value: `${(100 * right).toFixed(1)} %` }],
    sections: [{ title: 'Translations', kind: 'wide', body: htmlTable(['number', 'English', 'German, translated'], rows) }],
  })
  await writeAtomicallyOrThrow(join('out', 'translation', 'report.html'), report)
  for (const row of rows.slice(0, 5)) console.log(row.join(' -> '))
  console.log(`${(100 * right).toFixed(1)} % of ${test.length} numbers it never saw are translated without a mistake`)
})
