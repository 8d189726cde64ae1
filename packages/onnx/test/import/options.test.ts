import { mul, relu, sub, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { toOnnxOrThrow } from '../../src/index.ts'
import type { OnnxModel } from '../../src/index.ts'
import { model, random } from './build.ts'
import type { Graph } from './build.ts'
import { constantOf, read, refusal } from './run.ts'

const x = constantOf(random([2, 3], 9))

/** A product, and behind it an operator that nobody knows. */
const strange: Graph = {
  nodes: [
    { op: 'MatMul', name: '/fc', inputs: ['x', 'w'], outputs: ['h'] },
    { op: 'Swoosh', name: '/act', domain: 'own', inputs: ['h', ''], outputs: ['y'], attributes: { slope: { float: 0.5 }, sides: 'both' } },
  ],
  inputs: { x: { shape: [2, 3] } },
  outputs: { y: { shape: [2, 4] } },
  weights: { w: random([3, 4]) },
}

const run = ({ apply, params }: OnnxModel, name: string): unknown => toArray(apply(params, { x })[name] as Tensor)

describe('outputs', () => {
  it('end a model before what cannot be read', () => {
    expect(refusal(model(strange))).toMatch(/^OnnxOpError: .*'own:Swoosh'/)
    const cut = read(model(strange), { outputs: 'h' })
    expect(cut.outputs).toEqual([{ name: 'h', shape: [2, 4], dtype: 'float32' }])
    expect(Object.keys(cut.params)).toEqual(['w'])
    expect(run(read(toOnnxOrThrow(cut, cut.params)), 'h')).toEqual(run(cut, 'h'))
  })

  it('leave the rest of the file as it is where it is to be written whole', () => {
    const cut = read(model(strange), { outputs: ['h'] })
    expect(toOnnxOrThrow(cut, cut.params, { whole: true })).toEqual(model(strange))
    const written = toOnnxOrThrow(cut, { w: mul(cut.params['w'] as Tensor, 2) }, { whole: true })
    const again = read(written, { outputs: ['h', 'y'], operators: { 'own:Swoosh': ([h]) => h as Tensor } })
    expect(run(again, 'y')).toEqual((run(cut, 'h') as number[][]).map((row) => row.map((value) => Math.fround(2 * value))))
  })

  it('must be there', () => {
    expect(refusal(model(strange), { outputs: 'H' })).toMatchInlineSnapshot(
      `"OnnxOptionError: outputs: the graph has no tensor 'H'; did you mean one of 'h'?"`,
    )
  })
})

describe("operators of one's own", () => {
  it('get inputs and attributes', () => {
    const seen: unknown[] = []
    const own = read(model(strange), {
      operators: {
        'own:Swoosh': (inputs, attributes) => {
          seen.push(inputs[1], attributes)
          const [h] = inputs as [Tensor]
          return [sub(relu(h), mul(relu(mul(h, -1)), attributes['slope'] as number))]
        },
      },
    })
    expect(seen.slice(0, 2)).toEqual([undefined, { slope: 0.5, sides: 'both' }])
    const h = run(read(model(strange), { outputs: 'h' }), 'h') as number[][]
    expect(run(own, 'y')).toEqual(h.map((row) => row.map((value) => (value > 0 ? value : value / 2))))
    expect(Object.keys(own.params)).toEqual(['w'])
  })

  it('come before those that are read, and let gradients through', () => {
    const floored = model({
      ...strange,
      nodes: [strange.nodes[0] as Graph['nodes'][number], { op: 'Floor', inputs: ['h'], outputs: ['y'] }],
    })
    expect(Object.keys(read(floored).params)).toEqual([])
    expect(Object.keys(read(floored, { operators: { Floor: ([h]) => h as Tensor } }).params)).toEqual(['w'])
  })
})
