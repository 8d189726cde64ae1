import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mul, toArray } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { afterAll, describe, expect, it } from 'vitest'
import { fromOnnxOrThrow, toOnnxOrThrow, writeOnnx, writeOnnxOrThrow } from '../../src/index.ts'
import type { NamedTensors, OnnxModel, WriteOptions } from '../../src/index.ts'
import { readModelFile } from '../../src/import/files.ts'
import { decodeModel, encodeModel } from '../../src/schema/codec.ts'
import type { ModelProto } from '../../src/schema/messages.ts'
import { int64, model, random, tensorProto } from '../import/build.ts'
import type { Graph } from '../import/build.ts'
import { read } from '../import/run.ts'

const dense: Graph = {
  nodes: [
    { op: 'Constant', inputs: [], outputs: ['scale'], attributes: { value: random([3], 5) } },
    { op: 'Mul', inputs: ['x', 'scale'], outputs: ['scaled'] },
    { op: 'Gemm', name: '/fc', inputs: ['scaled', 'weight', 'bias'], outputs: ['y'], attributes: { transB: 1 } },
  ],
  inputs: { x: { shape: ['batch', 3] } },
  outputs: { y: { shape: ['batch', 2] } },
  weights: { weight: random([2, 3]), bias: random([2], 2) },
}

/** A file with everything in it that a reader does not know or need. */
const rich = (): Uint8Array => {
  const metadata = encodeModel({
    irVersion: 8n,
    producerName: 'somebody',
    opsetImport: [],
    metadataProps: [{ key: 'classes', value: 'a,b' }],
  } as never)
  // Two messages one after the other are one; and a field of the future, number 99, at the end.
  return Uint8Array.from([...model(dense), ...metadata, 0x9a, 0x06, 0x03, 1, 2, 3])
}

const doubled = (params: NamedTensors): NamedTensors =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, mul(value, 2)]))

const withoutElements = (bytes: Uint8Array): unknown =>
  JSON.parse(
    JSON.stringify(decodeModel(bytes), (key, value: unknown) =>
      key === 'rawData' ? undefined : typeof value === 'bigint' ? String(value) : value,
    ),
  )

const elements = (value: Constant | undefined): number[] => Array.from(value?.attributes.data ?? [])

describe('writing weights back', () => {
  const bytes = rich()
  const source = read(bytes, { dims: { batch: 4 } })

  it('without a change gives the same bytes', () => {
    expect(toOnnxOrThrow(source, source.params)).toEqual(bytes)
  })

  it('changes the weights and nothing else', () => {
    const written = toOnnxOrThrow(source, doubled(source.params))
    expect(Object.keys(source.params)).toEqual(['weight', 'bias', 'scale'])
    expect(written.length).toBe(bytes.length)
    expect(written.subarray(-6)).toEqual(bytes.subarray(-6))
    expect(withoutElements(written)).toEqual(withoutElements(bytes))
    const again = read(written, { dims: { batch: 4 } })
    for (const [name, value] of Object.entries(source.params))
      expect(elements(again.params[name])).toEqual(elements(value).map((x) => Math.fround(2 * x)))
  })

  it('keeps the type that the file has', () => {
    const half = read(model({ ...dense, weights: { ...dense.weights, bias: { type: 'double', shape: [2], data: [1, 2] } } }), {
      dims: { batch: 4 },
      dtype: 'float64',
    })
    const again = decodeModel(toOnnxOrThrow(half, doubled(half.params))) as ModelProto
    expect(again.graph.initializer.map(({ dataType }) => dataType)).toEqual([1, 11])
    expect(elements(read(encodeModel(again), { dims: { batch: 4 }, dtype: 'float64' }).params['bias'])).toEqual([2, 4])
  })

  it('rounds to half precision', () => {
    const graph: Graph = {
      nodes: [{ op: 'Neg', inputs: ['w'], outputs: ['y'] }],
      outputs: ['y'],
      weights: { w: { type: 'float16', shape: [2], data: [0x3c00, 0x4000] } },
    }
    const half = read(model(graph), { dtype: 'float32' })
    expect(elements(half.params['w'])).toEqual([1, 2])
    expect(elements(read(toOnnxOrThrow(half, { w: mul(half.params['w'] as Constant, 1 / 3) })).params['w'])).toEqual([
      0.333251953125, 0.66650390625,
    ])
  })

  it('refuses a weight of another shape or name', () => {
    expect(() => toOnnxOrThrow(source, { weight: source.params['bias'] as Constant })).toThrowErrorMatchingInlineSnapshot(
      `[OnnxOptionError: weight 'weight': expected float32[2, 3], got float32[2]]`,
    )
    expect(() => toOnnxOrThrow(source, { other: source.params['bias'] as Constant })).toThrowErrorMatchingInlineSnapshot(
      `[OnnxOptionError: the file has no weight 'other']`,
    )
  })
})

describe('writing to files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-write-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const binding = { dims: { batch: 4 } }
  const source = read(rich(), binding)

  const placesIn = ({ source: { stored } }: OnnxModel): unknown[] =>
    stored.graph.initializers.map(({ name, data }) => (data.tag === 'external' ? [name, data.location, data.offset] : [name, data.tag]))

  const writeAndRead = async (name: string, options: WriteOptions): Promise<OnnxModel> => {
    const path = join(folder, name)
    await writeOnnxOrThrow(path, source, doubled(source.params), options)
    const again = await fromOnnxOrThrow(path, binding)
    for (const [weight, value] of Object.entries(source.params))
      expect(elements(again.params[weight])).toEqual(elements(value).map((x) => Math.fround(2 * x)))
    return again
  }

  it('keeps the weights inside while they fit', async () => {
    expect(placesIn(await writeAndRead('inside.onnx', {}))).toEqual([
      ['weight', 'raw'],
      ['bias', 'raw'],
    ])
  })

  it('puts them beside the file when they do not', async () => {
    // The value of a node stays inside: runtimes look for files of initializers only.
    expect(placesIn(await writeAndRead('beside.onnx', { maximumBytes: 40, externalFrom: 0 }))).toEqual([
      ['weight', 'beside.onnx.data', 0],
      ['bias', 'beside.onnx.data', 4096],
    ])
  })

  it('puts large ones beside it where asked', async () => {
    const again = await writeAndRead('large.onnx', { externalFrom: 16 })
    expect(placesIn(again)).toEqual([
      ['weight', 'large.onnx.data', 0],
      ['bias', 'raw'],
    ])
    // Read from beside and written whole, it is one file again.
    const whole = read(toOnnxOrThrow(again, again.params), binding)
    expect(toArray(whole.params['weight'] as Constant)).toEqual(toArray(again.params['weight'] as Constant))
  })

  it('begins another file when one is full', async () => {
    expect(placesIn(await writeAndRead('shards.onnx', { externalFrom: 0, maximumDataBytes: 4096 }))).toEqual([
      ['weight', 'shards.onnx.data', 0],
      ['bias', 'shards.onnx.data.1', 0],
    ])
    expect(statSync(join(folder, 'shards.onnx.data')).size).toBe(24)
  })

  it('keeps integers from beside the file as they are', async () => {
    const ids = tensorProto('', int64(2, 0)).rawData as Uint8Array
    const bytes = encodeModel({
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: {
        node: [{ opType: 'Gather', input: ['table', 'ids'], output: ['y'], attribute: [] }],
        input: [],
        output: [{ name: 'y' }],
        initializer: [
          tensorProto('table', random([3, 2])),
          { name: 'ids', dims: [2n], dataType: 7, dataLocation: 1, externalData: [{ key: 'location', value: 'ids.bin' }] },
        ],
      },
    } as never)
    writeFileSync(join(folder, 'ids.bin'), ids)
    writeFileSync(join(folder, 'ids.onnx'), bytes)
    const held = await fromOnnxOrThrow(join(folder, 'ids.onnx'))
    expect(decodeModel(toOnnxOrThrow(held, held.params)).graph.initializer[1]?.rawData).toEqual(ids)
    await writeOnnxOrThrow(join(folder, 'moved.onnx'), held, held.params, { externalFrom: 16 })
    expect(placesIn(await fromOnnxOrThrow(join(folder, 'moved.onnx')))).toEqual([
      ['table', 'moved.onnx.data', 0],
      ['ids', 'moved.onnx.data', 4096],
    ])
    expect(() => toOnnxOrThrow(held, { ids: mul(held.frozen['ids'] as Constant, 2) })).toThrowErrorMatchingInlineSnapshot(
      `[OnnxOptionError: weight 'ids' is int32; only floats can be changed]`,
    )
  })

  it('reads long weights in parts', async () => {
    await writeAndRead('parts.onnx', { externalFrom: 0 })
    const { external, close } = await readModelFile(join(folder, 'parts.onnx'), 7)
    expect([...new Float32Array(external('parts.onnx.data', 0, 24).buffer)]).toEqual(
      elements(source.params['weight']).map((x) => Math.fround(2 * x)),
    )
    close()
  })

  it('leaves nothing behind when it fails', async () => {
    const before = readdirSync(folder)
    const result = await writeOnnx(join(folder, 'absent', 'model.onnx'), source, source.params, { externalFrom: 0 })()
    expect(result).toMatchObject({ _tag: 'Left', left: { tag: 'OnnxOptionError' } })
    expect(readdirSync(folder)).toEqual(before)
    expect(before.filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
