import FFT from 'fft.js'
import { evaluate, foldIn, key, scalar, tensor, uniform } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fromRecords } from '@grad-ts/trainer'

const rate = 8000
const [window, hop] = [256, 80] as const

/** Size of a spectrum: frequencies and moments. */
export const [bands, frames] = [24, 60] as const

/** First three resonances of some vowels, in hertz. */
const vowels = { a: [730, 1090, 2440], e: [530, 1840, 2480], i: [270, 2290, 3010], o: [570, 840, 2410], u: [300, 870, 2240] } as const
/** What is said: vowels in turn. */
export const words = ['ia', 'ae', 'oui', 'euo', 'aiu', 'uo'] as const

const resonancesAt = (word: string, moment: number): number[] => {
  const place = moment * (word.length - 1)
  const [from, to] = [word[Math.floor(place)], word[Math.min(word.length - 1, Math.floor(place) + 1)]] as (keyof typeof vowels)[]
  return [0, 1, 2].map((i) => {
    const [low, high] = [vowels[from ?? 'a'][i] as number, vowels[to ?? 'a'][i] as number]
    return low + (high - low) * (place % 1)
  })
}

/** 0.6 s of sound; `draws` are numbers from 0 to 1. */
const speak = (word: string, draws: ArrayLike<number>): Float32Array => {
  const [pitch = 0, length = 0, start = 0, loudness = 0, throat = 0] = Array.from({ length: 5 }, (_, i) => draws[i])
  const samples = Float32Array.from({ length: hop * frames + window }, (_, t) => 0.25 * ((draws[5 + t] as number) - 0.5))
  const duration = Math.floor(rate * (0.25 + 0.2 * length))
  const begin = Math.floor(start * (samples.length - duration - 1))
  let gains: number[] = []
  for (let t = 0; t < duration; t++) {
    const base = (90 + 160 * pitch) * (1 - (0.2 * t) / duration)
    if (t % hop === 0)
      gains = gainsOf(
        base,
        resonancesAt(word, t / duration).map((formant) => (0.85 + 0.3 * throat) * formant),
      )
    const envelope = 0.3 * (0.3 + loudness) * Math.sin((Math.PI * t) / duration)
    const wave = gains.reduce((sum, gain, i) => sum + gain * Math.sin((2 * Math.PI * (i + 1) * base * t) / rate), 0)
    samples[begin + t] = (samples[begin + t] as number) + envelope * wave
  }
  return samples
}

/** How loud each harmonic of a voice is between resonances. */
const gainsOf = (base: number, formants: readonly number[]): number[] =>
  Array.from({ length: Math.floor(rate / 2 / base) }, (_, i) =>
    formants.reduce((sum, formant, j) => sum + Math.exp(-((((i + 1) * base - formant) / (90 + 40 * j)) ** 2)) / (j + 1), 0.003),
  )

const fft = new FFT(window)
const taper = Float32Array.from({ length: window }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window))

/** Log energy in bands that widen with frequency: `[bands, frames]`. */
const spectrum = (samples: Float32Array): Constant => {
  const values = new Float32Array(bands * frames)
  const edges = Array.from({ length: bands + 1 }, (_, i) => Math.round(2 + (window / 2 - 2) * (i / bands) ** 1.5))
  for (let frame = 0; frame < frames; frame++) {
    const output = fft.createComplexArray()
    fft.realTransform(
      output,
      Array.from(taper, (weight, i) => weight * (samples[frame * hop + i] as number)),
    )
    for (let band = 0; band < bands; band++) {
      let energy = 1e-4
      const [low, high] = [edges[band] as number, Math.max((edges[band] as number) + 1, edges[band + 1] as number)]
      for (let bin = low; bin < high; bin++) energy += ((output[2 * bin] ?? 0) ** 2 + (output[2 * bin + 1] ?? 0) ** 2) / (high - low)
      values[band * frames + frame] = Math.log(energy) / 4 + 1
    }
  }
  return tensor(values, { shape: [bands, frames] })
}

/** Examples by so many voices, the words in turn. */
export const speakers = (count: number, seed: number) =>
  fromRecords(
    Array.from({ length: count }, (_, i) => i),
    (i) => {
      const draws = (evaluate(uniform(foldIn(key(seed), i), [5 + hop * frames + window])) as Constant).attributes.data
      return { x: spectrum(speak(words[i % words.length] as string, draws)), y: scalar(i % words.length, 'int32') }
    },
  )
