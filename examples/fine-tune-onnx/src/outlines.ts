import { createRequire } from 'node:module'
import opentype from 'opentype.js'

export type Point = readonly [number, number]
type Segment = readonly [Point, Point]

const locate = createRequire(import.meta.url)

const fonts = [
  '@fontsource/roboto/files/roboto-latin-400-normal.woff',
  '@fontsource/roboto/files/roboto-latin-700-normal.woff',
  '@fontsource/lora/files/lora-latin-400-normal.woff',
].map((file) => opentype.loadSync(locate.resolve(file)))

const curve = (points: readonly Point[], t: number): Point => {
  if (points.length === 1) return points[0] as Point
  const next = points.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = points[i] as Point
    return [fromX + (x - fromX) * t, fromY + (y - fromY) * t] as const
  })
  return curve(next, t)
}

const pieces = 4

/** The outlines of a line of text as straight pieces, 100 units high, and its width. */
export const outlinesOf = (text: string, font: number): { readonly segments: readonly Segment[]; readonly width: number } => {
  const face = fonts[font % fonts.length] as (typeof fonts)[number]
  const segments: Segment[] = []
  let [start, at]: [Point, Point] = [
    [0, 0],
    [0, 0],
  ]
  const lineTo = (point: Point): void => {
    segments.push([at, point])
    at = point
  }
  for (const command of face.getPath(text, 0, 0, 100).commands) {
    if (command.type === 'M') start = at = [command.x, command.y]
    else if (command.type === 'Z') lineTo(start)
    else {
      const controls: Point[] =
        command.type === 'L'
          ? []
          : command.type === 'Q'
            ? [[command.x1, command.y1]]
            : [
                [command.x1, command.y1],
                [command.x2, command.y2],
              ]
      const points = [at, ...controls, [command.x, command.y] as const]
      const count = command.type === 'L' ? 1 : pieces
      for (let i = 1; i <= count; i++) lineTo(curve(points, i / count))
    }
  }
  return { segments, width: face.getAdvanceWidth(text, 100) }
}

const samples = 3

interface Crossing {
  readonly x: number
  readonly turn: 1 | -1
}

/** Where each sampled row meets the outlines. */
const crossingsOf = (segments: readonly Segment[], rows: number, place: (point: Point) => Point): readonly Crossing[][] => {
  const crossings: Crossing[][] = Array.from({ length: rows }, () => [])
  for (const [from, to] of segments) {
    const [[x1, y1], [x2, y2]] = [place(from), place(to)]
    const [top, bottom] = [Math.min(y1, y2) * samples - 0.5, Math.max(y1, y2) * samples - 0.5]
    for (let row = Math.max(0, Math.ceil(top)); row < Math.min(rows, bottom); row++)
      crossings[row]?.push({ x: x1 + (((row + 0.5) / samples - y1) / (y2 - y1)) * (x2 - x1), turn: y1 < y2 ? 1 : -1 })
  }
  return crossings
}

/** Fills outlines in a square image: for each pixel the part that lies inside, 0 to 1. */
export const fill = (segments: readonly Segment[], size: number, place: (point: Point) => Point): Float32Array => {
  const image = new Float32Array(size * size)
  crossingsOf(segments, size * samples, place).forEach((crossings, row) => {
    crossings.sort((a, b) => a.x - b.x)
    let winding = 0
    crossings.forEach(({ x, turn }, i) => {
      if (winding !== 0) shade(image, Math.floor(row / samples), size, (crossings[i - 1] as Crossing).x, x)
      winding += turn
    })
  })
  return image
}

/** Adds a run of one sampled row, with the parts of the pixels at its ends. */
const shade = (image: Float32Array, y: number, size: number, from: number, to: number): void => {
  const [low, high] = [Math.max(0, from), Math.min(size, to)]
  for (let x = Math.floor(low); x < high; x++) {
    const covered = Math.min(x + 1, high) - Math.max(x, low)
    image[y * size + x] = Math.min(1, (image[y * size + x] as number) + covered / samples)
  }
}
