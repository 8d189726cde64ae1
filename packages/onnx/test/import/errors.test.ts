import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { tensor } from '@grad-ts/tensor'
import { afterAll, describe, expect, it } from 'vitest'
import { fromOnnx, fromOnnxOrThrow } from '../../src/index.ts'
import { encodeModel } from '../../src/schema/codec.ts'
import { model, random } from './build.ts'
import type { Graph, Node } from './build.ts'
import { read, refusal } from './run.ts'

const dense: Graph = {
  nodes: [
    { op: 'Gemm', name: '/fc1', inputs: ['x', 'fc1.weight'], outputs: ['h'], attributes: { transB: 1 } },
    { op: 'Relu', name: '/act', inputs: ['h'], outputs: ['a'] },
    { op: 'Gemm', name: '/fc2', inputs: ['a', 'fc2.weight'], outputs: ['y'], attributes: { transB: 1 } },
  ],
  inputs: { x: { shape: [2, 3] } },
  outputs: { y: { shape: [2, 2] } },
  weights: { 'fc1.weight': random([4, 3]), 'fc2.weight': random([2, 4]) },
}

const withNode = (i: number, change: Partial<Node>): Graph => ({
  ...dense,
  nodes: dense.nodes.map((node, k) => (k === i ? { ...node, ...change } : node)),
})

describe('a file that cannot be read', () => {
  it('says that it is no model', () => {
    expect(refusal(new Uint8Array(0))).toMatchInlineSnapshot(`"OnnxFormatError: not a valid ONNX file: it holds no graph"`)
    expect(refusal(Uint8Array.from([255, 255, 255]))).toMatch(/^OnnxFormatError: not a valid ONNX file/)
    const bytes = model(dense)
    expect(refusal(bytes.subarray(0, bytes.length - 9))).toMatch(/^OnnxFormatError: .*cut off/)
  })

  it('names a weight that is missing', () => {
    const { 'fc2.weight': _, ...weights } = dense.weights ?? {}
    expect(refusal(model({ ...dense, weights }))).toMatchInlineSnapshot(
      `"OnnxGraphError: node '/fc2' (Gemm) reads 'fc2.weight', but no input, initializer or node of the graph gives it; is the weight missing from the file?"`,
    )
  })

  it('shows a cycle', () => {
    expect(refusal(model(withNode(0, { inputs: ['a', 'fc1.weight'] })))).toMatchInlineSnapshot(
      `"OnnxGraphError: the graph has a cycle: '/fc1' reads from '/act' reads from '/fc1'"`,
    )
  })

  it('names a node out of order, and a name that is taken', () => {
    expect(refusal(model({ ...dense, nodes: [...dense.nodes].reverse() }))).toMatch(/topological order/)
    expect(refusal(model(withNode(1, { outputs: ['h'] })))).toMatch(/'h' is defined twice/)
  })

  it('names an operator that is not known', () => {
    expect(refusal(model(withNode(1, { op: 'relu' })))).toMatchInlineSnapshot(
      `"OnnxOpError: node '/act' has the op type relu of the ONNX domain, which cannot be read (did the exporter mean Relu?); end the model before it with { outputs: … }, say what it does with { operators: { 'relu': … } }, or export it with standard operators"`,
    )
  })

  it('names node, op and weight where shapes do not fit', () => {
    expect(refusal(model({ ...dense, weights: { ...dense.weights, 'fc2.weight': random([2, 5]) } }))).toMatchInlineSnapshot(
      `"OnnxNodeError: node '/fc2' (Gemm), inputs 'a' float32[2, 4], weight 'fc2.weight' float32[2, 5]: matmul(float32[2, 4], float32[2, 5]): inner lengths differ: 4 and 5"`,
    )
  })

  it('counts the elements of a weight', () => {
    expect(refusal(model({ ...dense, weights: { ...dense.weights, 'fc2.weight': { shape: [2, 4], data: [1] } } }))).toMatchInlineSnapshot(
      `"OnnxGraphError: tensor 'fc2.weight' (float[2, 4]): expected 32 bytes of elements, got 4"`,
    )
  })

  it('says which value must be known', () => {
    const nodes = [{ op: 'Reshape', name: '/view', inputs: ['x', 'shape'], outputs: ['y'] }]
    const graph: Graph = { nodes, inputs: { x: { shape: [2, 3] }, shape: { type: 'int64', shape: [2] } }, outputs: ['y'] }
    expect(refusal(model(graph))).toMatch(/'\/view' \(Reshape\).*the value of input 'shape' must be known/)
    expect(read(model(graph), { values: { shape: tensor([3, 2], { dtype: 'int32' }) } }).outputs[0]?.shape).toEqual([3, 2])
  })

  it('does not allocate what the file only claims', () => {
    const huge: Graph = {
      nodes: [{ op: 'ConstantOfShape', name: '/huge', inputs: ['shape'], outputs: ['y'] }],
      outputs: ['y'],
      weights: { shape: { type: 'int64', shape: [3], data: [1e5, 1e5, 1e5] } },
    }
    expect(refusal(model(huge))).toMatch(/^OnnxLimitError: node '\/huge'/)
  })
})

describe('trainable weights', () => {
  const blocked: Graph = withNode(1, { op: 'Floor' })

  it('are all weights, or those that a pattern names', () => {
    expect(Object.keys(read(model(dense)).params)).toEqual(['fc1.weight', 'fc2.weight'])
    for (const trainable of ['fc2.*', /^fc2/, ({ shape }: { shape: readonly number[] }) => shape[0] === 2, ['fc2.weight']])
      expect(Object.keys(read(model(dense), { trainable }).params)).toEqual(['fc2.weight'])
  })

  it('must be there', () => {
    expect(refusal(model(dense), { trainable: 'fc9.*' })).toMatchInlineSnapshot(
      `"OnnxOptionError: trainable: 'fc9.*' matches no weight; the model has 'fc1.weight', 'fc2.weight'"`,
    )
  })

  it('must not lie before an op without a gradient', () => {
    expect(Object.keys(read(model(blocked)).params)).toEqual(['fc2.weight'])
    expect(refusal(model(blocked), { trainable: '*' })).toMatchInlineSnapshot(
      `"OnnxGradientError: weight 'fc1.weight' cannot be trained: node '/act' (Floor), which has no gradient, lies between it and the outputs; freeze it, or cut the model before the node with cutAt"`,
    )
  })
})

describe('external data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const elements = Float32Array.from({ length: 12 }, (_, i) => i)

  const withLocation = (location: string): Uint8Array =>
    encodeModel({
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: {
        node: [{ opType: 'Neg', input: ['w'], output: ['y'], attribute: [] }],
        input: [],
        output: [{ name: 'y' }],
        initializer: [
          {
            name: 'w',
            dims: [4n, 3n],
            dataType: 1,
            dataLocation: 1,
            externalData: [
              { key: 'location', value: location },
              { key: 'offset', value: '16' },
              { key: 'length', value: '48' },
            ],
          },
        ],
      },
    } as never)

  const readAt = async (location: string): Promise<string> => {
    writeFileSync(join(folder, 'model.onnx'), withLocation(location))
    const result = await fromOnnx(join(folder, 'model.onnx'))()
    return E.isLeft(result) ? `${result.left.tag}: ${result.left.message}`.replaceAll(folder, '…') : 'was read'
  }

  it('is read from beside the model', async () => {
    writeFileSync(join(folder, 'weights.bin'), Buffer.concat([Buffer.alloc(16), Buffer.from(elements.buffer)]))
    writeFileSync(join(folder, 'model.onnx'), withLocation('weights.bin'))
    const { params } = await fromOnnxOrThrow(join(folder, 'model.onnx'))
    expect(params['w']?.attributes.data).toEqual(elements)
  })

  it('is given by hand where there is no folder', () => {
    const bytes = withLocation('weights.bin')
    expect(refusal(bytes)).toMatch(/^OnnxExternalDataError: .*externalData/)
    const file = new Uint8Array(64)
    file.set(new Uint8Array(elements.buffer), 16)
    expect(read(bytes, { externalData: { 'weights.bin': file } }).params['w']?.attributes.data).toEqual(elements)
  })

  it('never leaves the folder', async () => {
    symlinkSync('/etc/hostname', join(folder, 'link.bin'))
    writeFileSync(join(folder, 'short.bin'), Buffer.alloc(40))
    expect(await readAt('../secret.bin')).toMatch(/outside the model's folder/)
    expect(await readAt('/etc/passwd')).toMatch(/outside the model's folder/)
    expect(await readAt('link.bin')).toMatch(/link out of the model's folder/)
    expect(await readAt('absent.bin')).toMatch(/not in its folder/)
    expect(await readAt('short.bin')).toMatch(/ends before the weights do/)
  })
})
