import { grad } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { cast, evaluate, interpret, isTensor, key, mul, normal, sum, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { expect, test } from 'vitest'
import { layerTable } from './layer-table.ts'
import type { LayerRow } from './layer-table.ts'

type Model = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor> }

/** A layer's output, next state and gradient of Σ output², as one graph. */
const pass =
  ({ layer, context = {} }: LayerRow) =>
  ({ params, state }: Model, x: Tensor) => {
    const loss = (weights: Tree<Tensor>): Tensor => {
      const [y] = layer.applyWithState(weights, state, x, context)
      return sum(mul(y, y))
    }
    const [output, next] = layer.applyWithState(params, state, x, context)
    return { output, next, gradient: entries<Tensor>(params).length === 0 ? null : grad(loss)(params) }
  }

const differences = (left: Tree<Constant>, right: Tree<Constant>): string[] => {
  const wanted = new Map(entries<Constant>(right))
  return entries<Constant>(left).flatMap(([path, got]) => {
    const expected = wanted.get(path)?.attributes.data ?? []
    const scale = Math.max(1, ...Array.from(expected, Math.abs))
    const wrong = Array.from(got.attributes.data).findIndex((value, i) => !(Math.abs(value - (expected[i] as number)) <= 2e-5 * scale))
    return wrong === -1 ? [] : [`${path}[${wrong}]: ${got.attributes.data[wrong]} instead of ${expected[wrong]}`]
  })
}

test.each(layerTable.map((row) => [row.name, row] as const))(
  '%s: ONNX Runtime agrees with the interpreter, forward and backward',
  async (_, row) => {
    const model = evaluate({ params: row.layer.init(key(3)), state: row.layer.initState() }) as Model
    const x = isTensor(row.input) ? row.input : evaluate(cast(normal(key(7), row.input), 'float32'))
    const program = await compileOrThrow(pass(row), [model, x])
    const compiled = await program.runOrThrow(model, x)
    await program.dispose()
    const interpreted = interpret(pass(row))(model, x)
    expect(toArray(interpreted.output as Tensor)).not.toEqual([])
    expect(differences(compiled as Tree<Constant>, interpreted as Tree<Constant>)).toEqual([])
  },
)
