// A model of more than 2 GB: read, changed in its far end, written with its weights beside it, read again and run in plain ONNX Runtime.

import { open, mkdtemp, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../process.mjs'

const load = (name, file = 'index.js') => import(pathToFileURL(join(root, 'packages', name, 'dist', file)).href)

const width = 1024
const rows = { long: 550_000, short: 2_000 }
const bytesOf = (name) => rows[name] * width * 4

/** y = long[ids] + short[ids], both tables in one file of which only the places that are read are not zero. */
const writeOriginal = async (folder, { encodeModel }) => {
  const offsets = { long: 0, short: bytesOf('long') }
  const table = (name) => ({
    name,
    dims: [BigInt(rows[name]), BigInt(width)],
    dataType: 1,
    dataLocation: 1,
    externalData: Object.entries({ location: 'tables.bin', offset: offsets[name], length: bytesOf(name) }).map(([key, value]) => ({
      key,
      value: String(value),
    })),
  })
  const port = (name, elemType, shape) => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: { dim: shape.map((length) => (typeof length === 'string' ? { dimParam: length } : { dimValue: BigInt(length) })) },
      },
    },
  })
  const node = (opType, input, output) => ({ opType, name: output, input, output: [output], attribute: [] })
  const bytes = encodeModel({
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'tables',
      node: [node('Gather', ['long', 'far'], 'a'), node('Gather', ['short', 'near'], 'b'), node('Add', ['a', 'b'], 'y')],
      initializer: [table('long'), table('short')],
      input: [port('far', 7, ['count']), port('near', 7, ['count'])],
      output: [port('y', 1, ['count', width])],
    },
  })
  const data = await open(join(folder, 'tables.bin'), 'w')
  await data.truncate(bytesOf('long') + bytesOf('short'))
  const put = (name, row, value) => data.write(new Float32Array(width).fill(value), 0, width * 4, offsets[name] + row * width * 4)
  await put('long', 1, 1)
  await put('long', rows.long - 1, 2)
  await put('short', rows.short - 1, 4)
  await data.close()
  const file = await open(join(folder, 'tables.onnx'), 'w')
  await file.write(bytes)
  await file.close()
  return join(folder, 'tables.onnx')
}

const places = { far: [1, rows.long - 1], near: [0, rows.short - 1] }

const runPlain = async (path) => {
  const { InferenceSession, Tensor } = createRequire(join(root, 'packages/onnx/package.json'))('onnxruntime-node')
  const session = await InferenceSession.create(path)
  const ids = (list) => new Tensor('int64', BigInt64Array.from(list, BigInt), [list.length])
  const { y } = await session.run({ far: ids(places.far), near: ids(places.near) })
  await session.release()
  return [y.data[0], y.data[y.data.length - 1]]
}

const run = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-large-'))
  try {
    const { fromOnnxOrThrow, toOnnx, writeOnnxOrThrow } = await load('onnx')
    const path = await writeOriginal(folder, await load('onnx', 'schema/codec.js'))
    const options = { dims: { count: 2 } }
    const model = await fromOnnxOrThrow(path, options)
    const { long, short } = model.params
    // What a step of training would do, at both ends.
    long.attributes.data[long.attributes.data.length - 1] += 10
    short.attributes.data[short.attributes.data.length - 1] += 20
    const { constantOf } = await load('tensor')
    const fresh = ({ attributes, shape, dtype }) => constantOf(attributes.data, shape, dtype)
    const changed = { long: fresh(long), short: fresh(short) }
    const whole = toOnnx(model, changed)
    const written = join(folder, 'changed.onnx')
    await writeOnnxOrThrow(written, model, changed)
    const sizes = await Promise.all([written, `${written}.data`].map(async (file) => (await stat(file)).size))
    const again = await fromOnnxOrThrow(written, options)
    const ends = ['long', 'short'].map((name) => again.params[name].attributes.data.at(-1))
    const outputs = await runPlain(written)
    const ok =
      whole._tag === 'Left' &&
      whole.left.tag === 'OnnxLimitError' &&
      sizes[1] > 2 ** 31 &&
      JSON.stringify(ends) === '[12,24]' &&
      JSON.stringify(outputs) === '[1,36]'
    const peak = Math.round(process.resourceUsage().maxRSS / 2 ** 20)
    return {
      ok,
      figures: `${sizes.join(' and ')} bytes, last elements ${ends.join(' and ')}, run gives ${outputs.join(' and ')}, at most ${peak} GB resident`,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

export const soaks = [{ name: 'onnx model of more than 2 GB', run }]
