// Tells six spoken keywords apart. The words are synthesised: a buzzing voice whose three resonances glide from vowel to vowel,
// at random pitch, speed, loudness and moment, in noise. The network sees how loud 24 frequencies are, 10 ms apart.

import { join } from 'node:path'
import * as nn from '@grad-ts/nn'
import { adam, cosineDecay } from '@grad-ts/optim'
import { evaluate, foldIn, key, scalar, tensor, uniform } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, fromRecords, progressBar, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { reportOf } from '@grad-ts/trainer/report'

const [rate, window, hop, bands, frames] = [8000, 256, 80, 24, 60] as const
const samples = hop * frames + window

/** What is said, vowels in turn, and the first three resonances of each vowel, in ten hertz. */
const words = ['ia', 'ae', 'oui', 'euo', 'aiu', 'uo'] as const
const vowels = new Map(Object.entries({ a: [73, 109, 244], e: [53, 184, 248], i: [27, 229, 301], o: [57, 84, 241], u: [30, 87, 224] }))

const resonancesAt = (word: string, moment: number): number[] => {
  const place = moment * (word.length - 1)
  const [from = [], to = []] = [Math.floor(place), Math.ceil(place)].map((letter) => vowels.get(word[letter] as string))
  return from.map((low, i) => 10 * (low + ((to[i] as number) - low) * (place % 1)))
}

/** How loud each harmonic of a voice is between resonances. */
const gainsOf = (base: number, throat: number, resonances: readonly number[]): number[] =>
  Array.from({ length: Math.floor(rate / 2 / base) }, (_, i) =>
    resonances.reduce((sum, center, j) => sum + Math.exp(-((((i + 1) * base - throat * center) / (90 + 40 * j)) ** 2)) / (j + 1), 0.003),
  )

/** 0.6 s of sound; `draws` are numbers from 0 to 1. */
const speak = (word: string, draws: ArrayLike<number>): Float32Array => {
  const [pitch = 0, length = 0, start = 0, loudness = 0, throat = 0] = Array.from({ length: 5 }, (_, i) => draws[i])
  const sound = Float32Array.from({ length: samples }, (_, t) => 0.25 * ((draws[5 + t] as number) - 0.5))
  const duration = Math.floor(rate * (0.25 + 0.2 * length))
  const begin = Math.floor(start * (samples - duration - 1))
  let gains: number[] = []
  for (let t = 0; t < duration; t++) {
    const base = (90 + 160 * pitch) * (1 - (0.2 * t) / duration)
    if (t % hop === 0) gains = gainsOf(base, 0.85 + 0.3 * throat, resonancesAt(word, t / duration))
    const envelope = 0.3 * (0.3 + loudness) * Math.sin((Math.PI * t) / duration)
    const wave = gains.reduce((sum, gain, i) => sum + gain * Math.sin((2 * Math.PI * (i + 1) * base * t) / rate), 0)
    sound[begin + t] = (sound[begin + t] as number) + envelope * wave
  }
  return sound
}

/** Two waves of each frequency, a quarter apart, that fade in and out; frequencies are closer together where they are low. */
const filters = Array.from({ length: bands }, (_, band) =>
  [Math.cos, Math.sin].map((wave) =>
    Float32Array.from({ length: window }, (__, t) => {
      const fade = 0.5 - 0.5 * Math.cos((2 * Math.PI * t) / window)
      return fade * wave((2 * Math.PI * (150 + 3500 * (band / bands) ** 1.5) * t) / rate)
    }),
  ),
)

/** How loud each frequency is at each moment: `[bands, frames]`. */
const spectrum = (sound: Float32Array): Constant => {
  const energy = (wave: Float32Array, start: number): number => {
    let sum = 0
    for (let t = 0; t < window; t++) sum += (wave[t] as number) * (sound[start + t] as number)
    return sum ** 2
  }
  const loudness = (waves: readonly Float32Array[], frame: number): number =>
    Math.log(waves.reduce((sum, wave) => sum + energy(wave, frame * hop), 1e-4)) / 4 + 1
  return tensor(filters.map((waves) => Array.from({ length: frames }, (_, frame) => loudness(waves, frame))))
}

/** Examples by so many voices, the words in turn. */
const speakers = (count: number, seed: number) =>
  fromRecords([...Array(count).keys()], (i) => {
    const draws = (evaluate(uniform(foldIn(key(seed), i), [5 + samples])) as Constant).attributes.data
    return { x: spectrum(speak(words[i % words.length] as string, draws)), y: scalar(i % words.length, 'int32') }
  })

const model = nn.sequential({
  first: nn.conv1d({ in: bands, out: 24, kernel: 5, padding: 'same' }),
  relu: nn.relu,
  pool: nn.maxPooling({ kernel: 2 }),
  second: nn.conv1d({ in: 24, out: 32, kernel: 5, padding: 'same' }),
  again: nn.relu,
  strongest: nn.globalMaxPooling(),
  word: nn.dense({ in: 32, out: words.length }),
})

await runProgram(async (signal) => {
  const [data, test] = [speakers(720, 1), speakers(240, 2)]
  const task = { model, loss: nn.softmaxCrossEntropyWithIntegerLabels }
  const solver = adam({ learningRate: cosineDecay({ initValue: 0.005, transitionSteps: 15 * 23 }) })
  const metrics = { accuracy: nn.accuracy() }
  const run = await fitOrThrow({
    ...task,
    metrics,
    data,
    validation: { data: test },
    solver,
    epochs: 15,
    observers: [progressBar()],
    signal,
  })
  const measured = await evaluateOrThrow({
    ...task,
    params: run.params,
    metrics: { ...metrics, confusion: nn.confusionMatrix({ classes: words.length }) },
    data: test,
  })
  const reached = measured.metrics['accuracy'] ?? 0
  const report = reportOf({
    title: 'Keyword spotting',
    note: 'Six synthesised words by voices of random pitch, speed, loudness and length of throat; tested on voices it never heard.',
    history: run.history,
    facts: [{ name: 'test accuracy', value: `${(100 * reached).toFixed(1)} %` }],
    confusion: { counts: measured.arrays['confusion'] ?? [], names: words },
  })
  await writeAtomicallyOrThrow(join('out', 'keyword-spotting', 'report.html'), report)
  console.log(`recognises ${(100 * reached).toFixed(1)} % of ${test.size} words by new voices`)
  if (reached < 0.9) throw new Error('it learned too little')
})
