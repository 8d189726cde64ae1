// Adapts a published .onnx file: the text direction classifier of PaddleOCR knows 0° and 180°; here it learns 0°, 90°, 180° and 270°.

import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toOnnxOrThrow } from '@grad-ts/onnx'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { directions, renderLines } from './lines.ts'
import type { Lines } from './lines.ts'
import { forgotten, readNetwork } from './network.ts'
import { train } from './train.ts'
import type { Start } from './train.ts'

const { values } = parseArgs({ options: { steps: { type: 'string', default: '1200' }, file: { type: 'string' } } })
const steps = Number(values.steps)
const batchSize = 16

/** The part of the lines that a file gets right in a plain session of ONNX Runtime. */
const accuracyOf = async (path: string, pages: readonly Lines[]): Promise<number> => {
  const session = await InferenceSession.create(path)
  let right = 0
  for (const { images, labels } of pages) {
    const { directions: scores } = await session.run({ x: new Tensor('float32', images.attributes.data as Float32Array, images.shape) })
    const rows = (scores as Tensor).data as Float32Array
    labels.attributes.data.forEach((label, i) => {
      const row = rows.subarray(i * directions.length, (i + 1) * directions.length)
      right += Number(row.indexOf(Math.max(...row)) === label)
    })
  }
  await session.release()
  return right / pages.reduce((total, { labels }) => total + (labels.shape[0] as number), 0)
}

const model = await readNetwork(batchSize)
const folder = await mkdtemp(join(tmpdir(), 'fine-tune-onnx-'))
const heldOut = Array.from({ length: 5 }, (_, page) => renderLines(200, 1_000_003 + page))

const trainAndTest = async (title: string, start: Start, path: string): Promise<number> => {
  console.log(`${title}: ${steps} steps`)
  const { params, state, seconds } = await train(model, start, batchSize, steps)
  await writeFile(path, toOnnxOrThrow(model, { ...params, ...state }))
  const accuracy = await accuracyOf(path, heldOut)
  console.log(`${title}: ${seconds.toFixed(0)} s, accuracy ${accuracy.toFixed(4)} on held-out lines, written to ${path}`)
  return accuracy
}

// As many steps of the same network take as long, wherever its weights come from.
const tuned = await trainAndTest('fine-tuned', model, values.file ?? join(folder, 'directions.onnx'))
const scratch = await trainAndTest('from scratch', forgotten(model), join(folder, 'scratch.onnx'))
console.log(`accuracy ${tuned.toFixed(4)} fine-tuned, ${scratch.toFixed(4)} from scratch in as many steps`)
