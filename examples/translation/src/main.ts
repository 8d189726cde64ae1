// Translates numbers from English to German, word by word: "twenty seven" becomes "sieben und zwanzig". An encoder reads the English
// words, a decoder writes the German ones and looks back at the English through attention. Tested on numbers that it never saw.

import { join } from 'node:path'
import { decoderBlock, dense, embedding, encoderBlock, softmaxCrossEntropyWithIntegerLabels, statelessLayer } from '@grad-ts/nn'
import { adam, chain, clipByGlobalNorm, warmupCosineDecay } from '@grad-ts/optim'
import { argMax, cast, evaluate, key, notEqual, splitKey, tensor, uniform } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { fitOrThrow, fromRecords, padTo, predictOrThrow, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { htmlTable, reportOf } from '@grad-ts/trainer/report'

const [size, length, padding, begin] = [64, 14, 0, 1]
/** The words below twenty, the large ones and tens, and what stands between ones and tens. First comes what ends in one. */
const inEnglish = [
  'one one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
  'hundred thousand twenty thirty forty fifty sixty seventy eighty ninety',
].map((words) => words.split(' '))
const inGerman = [
  'eins ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn',
  'hundert tausend zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig',
  'und',
].map((words) => words.split(' '))

/** A number from 1 to 999,999 in words, one by one. German says the ones before the tens: 27 is seven and twenty. */
const say = (language: readonly string[][], n: number, isLast = true): string => {
  const [small = [], large = [], and] = language
  if (n >= 100) {
    const [unit, name] = n >= 1000 ? [1000, large[1]] : [100, large[0]]
    return `${say(language, Math.floor(n / unit), false)} ${name}${n % unit === 0 ? '' : ` ${say(language, n % unit, isLast)}`}`
  }
  if (n < 20) return small[n === 1 && isLast ? 0 : n] as string
  const [ten, one] = [large[Math.floor(n / 10)] as string, small[n % 10]]
  if (n % 10 === 0) return ten
  return and === undefined ? `${ten} ${one}` : `${one} ${and[0]} ${ten}`
}

/** All words that the numbers use; 0 is padding, 1 begins and ends. */
const vocabularyOf = (language: readonly string[][]): readonly string[] => [
  ...new Set(` . ${Array.from({ length: 2000 }, (_, i) => say(language, i + 1)).join(' ')}`.split(' ')),
]
const [source, target] = [vocabularyOf(inEnglish), vocabularyOf(inGerman)]

const idsOf = (vocabulary: readonly string[], text: string): Constant =>
  padTo(tensor(Int32Array.from(text.split(' '), (word) => vocabulary.indexOf(word))), length)

/** The decoder reads the German words after a dot and is to write them before one: each word from those before it. */
const pairsOf = (numbers: readonly number[]) =>
  fromRecords(numbers, (n) => ({
    x: { english: idsOf(source, say(inEnglish, n)), german: idsOf(target, `. ${say(inGerman, n)}`) },
    y: idsOf(target, `${say(inGerman, n)} .`),
  }))

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
  apply: (params, x: Readonly<Record<'english' | 'german', Tensor>>, context) => {
    const memoryMask = notEqual(x.english, padding)
    const memory = parts.encoder.apply(params.encoder, parts.english.apply(params.english, x.english), { ...context, mask: memoryMask })
    const written = parts.decoder.apply(params.decoder, { x: parts.german.apply(params.german, x.german), memory, memoryMask }, context)
    return parts.words.apply(params.words, written)
  },
})

/** Writes the most likely next word, again and again. */
const translate = async (params: ReturnType<typeof model.init>, numbers: readonly number[]): Promise<string[]> => {
  const { x } = pairsOf(numbers).rows(Int32Array.from(numbers.keys()))
  const written = Int32Array.from({ length: numbers.length * length }, (_, i) => (i % length === 0 ? begin : padding))
  for (let place = 0; place < length - 1; place++) {
    const soFar = { english: x.english, german: tensor(written.slice(), { shape: [numbers.length, length] }) }
    const { attributes } = evaluate(argMax(await predictOrThrow({ model, params, inputs: soFar }))) as Constant
    for (let row = 0; row < numbers.length; row++) written[row * length + place + 1] = attributes.data[row * length + place] as number
  }
  const wordsOf = (row: number) => [...written.subarray(row * length + 1, (row + 1) * length)].map((id) => target[id])
  return numbers.map((_, row) => wordsOf(row).join(' ').split(' .')[0] as string)
}

await runProgram(async (signal) => {
  const draws = [...(evaluate(uniform(key(5), [6000])) as Constant).attributes.data].map((share) => 1 + Math.floor(share ** 3 * 999_998))
  const test = [...new Set(draws)].slice(0, 300)
  const training = pairsOf(draws.filter((n) => !test.includes(n)))
  const steps = 6 * Math.ceil(training.size / 64)
  const learningRate = warmupCosineDecay({ initValue: 0, peakValue: 4e-3, warmupSteps: 100, totalSteps: steps })
  const run = await fitOrThrow({
    model,
    loss: softmaxCrossEntropyWithIntegerLabels,
    weights: ({ y }) => cast(notEqual(y, padding), 'float32'),
    data: training,
    solver: chain(clipByGlobalNorm(1), adam({ learningRate })),
    steps,
    batchSize: 64,
    observers: [progressBar()],
    signal,
  })
  const translations = await translate(run.params, test)
  const right = translations.filter((text, i) => text === say(inGerman, test[i] as number)).length / test.length
  const rows = test.slice(0, 12).map((n, i) => [String(n), say(inEnglish, n), translations[i] as string])
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
