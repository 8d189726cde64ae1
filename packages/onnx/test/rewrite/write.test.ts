import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mul, toArray } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { afterAll, describe, expect, it } from 'vitest'
import { fromOnnxOrThrow, toOnnxOrThrow, writeOnnxOrThrow } from '../../src/index.ts'
import type { NamedTensors } from '../../src/index.ts'
import { decodeModel, encodeModel } from '../../src/schema/codec.ts'
import type { ModelProto } from '../../src/schema/messages.ts'
import { model, random } from '../import/build.ts'
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

describe('writing to a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-write-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('puts large weights beside it where asked', async () => {
    const source = read(rich(), { dims: { batch: 4 } })
    const path = join(folder, 'model.onnx')
    await writeOnnxOrThrow(path, source, doubled(source.params), { externalFrom: 16 })
    const again = await fromOnnxOrThrow(path, { dims: { batch: 4 } })
    for (const [name, value] of Object.entries(source.params))
      expect(elements(again.params[name])).toEqual(elements(value).map((x) => Math.fround(2 * x)))
    expect(again.source.stored.graph.initializers.map(({ data }) => data.tag)).toEqual(['external', 'raw'])
    // Read from beside and written whole, it is one file again.
    const whole = read(toOnnxOrThrow(again, again.params), { dims: { batch: 4 } })
    expect(toArray(whole.params['weight'] as Constant)).toEqual(toArray(again.params['weight'] as Constant))
  })
})
