import { tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fill, outlinesOf } from './outlines.ts'

export const size = 64

/** How text can lie: upright, or turned by so many quarters. */
export const directions = ['0°', '90°', '180°', '270°'] as const

const syllables = 'an ber co de el fra gi hu in jo ka li mer no or pe qui ra st tu un ve wo xy ze'.split(' ')

/** Numbers from 0 to 1 that a seed repeats. */
const numbersFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Two syllables: as many letters as stay legible in an image of this size. */
const word = (next: () => number): string => {
  const text = [0, 1].map(() => syllables[Math.floor(next() * syllables.length)] as string).join('')
  const shown = next()
  if (shown < 0.1) return text.toUpperCase()
  return shown < 0.5 ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

/** Draws one line of text on a background: three channels from −1 to 1. */
const draw = (direction: number, next: () => number): Float32Array => {
  const { segments, width } = outlinesOf(word(next), Math.floor(next() * 3))
  const scale = (size * (0.8 + 0.15 * next())) / width
  const angle = (direction * Math.PI) / 2 + (next() - 0.5) * 0.15
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  const [dx, dy] = [0, 0].map(() => size / 2 + (next() - 0.5) * 6) as [number, number]
  const ink = fill(segments, size, ([x, y]) => {
    const [fromMiddle, above] = [x - width / 2, y + 35]
    return [dx + cos * fromMiddle - sin * above, dy + sin * fromMiddle + cos * above]
  })
  const image = new Float32Array(3 * size * size)
  const dark = next() < 0.7
  for (let channel = 0; channel < 3; channel++) {
    const [paper, pen] = dark ? [0.6 + 0.4 * next(), 0.4 * next()] : [0.4 * next(), 0.6 + 0.4 * next()]
    ink.forEach((covered, i) => {
      const value = paper + (pen - paper) * covered + (next() - 0.5) * 0.1
      image[channel * size * size + i] = value * 2 - 1
    })
  }
  return image
}

export interface Lines {
  /** `[count, 3, size, size]`. */
  readonly images: Constant
  /** Quarter turns, `[count]`. */
  readonly labels: Constant
}

/** Renders lines of text in all four directions, in turn. */
export const renderLines = (count: number, seed: number): Lines => {
  const next = numbersFrom(seed)
  const images = new Float32Array(count * 3 * size * size)
  const labels = Int32Array.from({ length: count }, (_, i) => i % directions.length)
  labels.forEach((label, i) => images.set(draw(label, next), i * 3 * size * size))
  return { images: tensor(images, { shape: [count, 3, size, size] }), labels: tensor(labels, { shape: [count] }) }
}
