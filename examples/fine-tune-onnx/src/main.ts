// Adapts a published .onnx file: the text direction classifier of PaddleOCR knows 0° and 180°; here it learns 0°, 90°, 180° and 270°.

import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toOnnxOrThrow } from '@grad-ts/onnx'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { directions, renderLines, size } from './lines.ts'
import { forgotten, readNetwork } from './network.ts'
import { train } from './train.ts'
import type { Start } from './train.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '140' }, file: { type: 'string' } } })
const seconds = Number(values.seconds)
const batchSize = 16

/** The part of the lines that a file gets right in a plain session of ONNX Runtime. */
const accuracyOf = async (path: string, lines: ReturnType<typeof renderLines>): Promise<number> => {
  const session = await InferenceSession.create(path)
  const count = lines.labels.shape[0] as number
  const { directions: scores } = await session.run({
    x: new Tensor('float32', lines.images.attributes.data as Float32Array, [count, 3, size, size]),
  })
  const rows = (scores as Tensor).data as Float32Array
  const right = Array.from({ length: count }, (_, i) => {
    const row = rows.subarray(i * directions.length, (i + 1) * directions.length)
    return Number(row.indexOf(Math.max(...row)) === lines.labels.attributes.data[i])
  })
  await session.release()
  return right.reduce((sum, hit) => sum + hit, 0) / count
}

const model = await readNetwork(batchSize)
const folder = await mkdtemp(join(tmpdir(), 'fine-tune-onnx-'))
const heldOut = renderLines(400, 1_000_003)

const trainAndTest = async (title: string, start: Start, path: string): Promise<number> => {
  console.log(`${title}: ${seconds} s`)
  const { params, state, steps } = await train(model, start, batchSize, seconds)
  await writeFile(path, toOnnxOrThrow(model, { ...params, ...state }))
  const accuracy = await accuracyOf(path, heldOut)
  console.log(`${title}: ${steps} steps, accuracy ${accuracy.toFixed(4)} on held-out lines, written to ${path}`)
  return accuracy
}

const tuned = await trainAndTest('fine-tuned', model, values.file ?? join(folder, 'directions.onnx'))
const scratch = await trainAndTest('from scratch', forgotten(model), join(folder, 'scratch.onnx'))
console.log(`accuracy ${tuned.toFixed(4)} fine-tuned, ${scratch.toFixed(4)} from scratch in the same time`)
