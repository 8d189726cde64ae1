import { readFileSync } from 'node:fs'
import { checkGradient } from '@grad-ts/testkit'
import { cast, evaluate, isTensor, key, normal, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { entries, leaves, map, paths, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { describe, expect, test } from 'vitest'
import { layerTable } from './layer-table.ts'
import type { LayerRow } from './layer-table.ts'

const inputOf = ({ input }: LayerRow): Tensor => (isTensor(input) ? input : evaluate(normal(key(7), input, { dtype: 'float64' })))

const wide = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor) => evaluate(cast(leaf, 'float64')), tree)

const values = (tree: Tree<Tensor>): unknown => entries<Tensor>(tree).map(([path, leaf]) => [path, toArray(leaf)])

describe.each(layerTable.map((row) => [row.name, row] as const))('%s', (_, row) => {
  const { layer, context = {} } = row
  const params = layer.init(key(3))

  test('has parameters of stable names, in float32', () => {
    expect(paths(params)).toEqual(row.paths)
    expect(leaves<Tensor>(params).every(({ dtype }) => dtype === 'float32')).toBe(true)
  })

  test('draws the same parameters from the same key, and others from another', () => {
    expect(values(layer.init(key(3)))).toEqual(values(params))
    const drawn = row.paths.some((path) => /kernel|table|recurrent$/.test(path))
    if (drawn) expect(values(layer.init(key(4)))).not.toEqual(values(params))
  })

  test.each(['float16', 'float64'] as const)('gives the shape it promises, in %s like its parameters and input', (dtype) => {
    const typed = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor) => evaluate(cast(leaf, dtype)), tree)
    const [own, state] = [typed(params), typed(layer.initState())]
    const x = isTensor(row.input) ? row.input : evaluate(cast(inputOf(row), dtype))
    const [y, next] = layer.applyWithState(own, state, x, context)
    expect(y.shape).toEqual(row.output)
    expect(y.dtype).toBe(dtype)
    expect(leaves<Tensor>(next).every((leaf) => leaf.dtype === dtype)).toBe(true)
    expect(paths(next)).toEqual(paths(state))
    expect((evaluate(y) as Constant).attributes.data.every(Number.isFinite)).toBe(true)
    expect(toArray(layer.apply(own, x, { ...context, state }))).toEqual(toArray(y))
  })

  test('has the gradient of its difference quotients', () => {
    const x = inputOf(row)
    const all = leaves<Tensor>(wide(params))
    const state = wide(layer.initState())
    const apply = (...args: Tensor[]): Tensor =>
      layer.applyWithState(unflatten(params, args.slice(0, all.length)), state, args[all.length] ?? x, context)[0]
    const args = isTensor(row.input) ? all : [...all, x]
    expect(checkGradient(apply, args)).toMatchObject({ passed: true })
  })
})

// What the files of layers export besides layers.
const notLayers = new Set([
  'gruCell',
  'lstmCell',
  'recurrent',
  'rotaryFrequencies',
  'rotaryPositions',
  'scaledDotProductAttention',
  'simpleCell',
  'unrollCell',
])

test('the table has every layer', () => {
  const index = readFileSync(new URL('../../src/index.ts', import.meta.url), 'utf8')
  const exported = [...index.matchAll(/export \{([^}]*)\} from '\.\/layers\//g)].flatMap(
    ([, names]) => (names as string).match(/\w+/g) ?? [],
  )
  const used = new Set(layerTable.map(({ name }) => name.split(/[ ,]/)[0]))
  expect(exported.length).toBeGreaterThan(30)
  expect(exported.filter((name) => !notLayers.has(name) && !used.has(name))).toEqual([])
})
