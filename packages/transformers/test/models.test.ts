import { grad } from '@grad-ts/autodiff'
import { evaluate } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'
import { fromPretrainedOrThrow } from '../src/index.ts'
import type { Transformer, TransformerParams } from '../src/index.ts'
import { distance, inFile, lossOf, resultOf } from './agreement.ts'
import { expectedOf, folderOf, models } from './fixtures.ts'

describe.each(models)('%s as transformers computes it, in float64', async (name, head) => {
  const loaded = await fromPretrainedOrThrow(folderOf(name), { head, dtype: 'float64' })
  const [model, params] = [loaded.model as Transformer, loaded.params as TransformerParams]
  const { inputs, values, gradients } = await expectedOf(name)

  test('every tensor of the file has its place', () => {
    expect(loaded.report).toEqual({ unused: [], drawn: [] })
  })

  test('forward', () => {
    const { lastHiddenState, hiddenStates, pooled } = evaluate(model.features(params, inputs) as never) as ReturnType<typeof model.features>
    if (values['last'] !== undefined) expect(distance(lastHiddenState, values['last'])).toBeLessThan(1e-12)
    if (values['pooled'] !== undefined) expect(distance(pooled as Constant, values['pooled'])).toBeLessThan(1e-12)
    const states = hiddenStates.flatMap((state) => [...(state as Constant).attributes.data])
    values['hidden']?.attributes.data.forEach((value, i) => expect(states[i]).toBeCloseTo(value, 11))
    if (values['logits'] !== undefined) expect(distance(evaluate(resultOf(model, params, inputs)), values['logits'])).toBeLessThan(1e-12)
    expect(Object.keys(values).length).toBeGreaterThan(1)
  })

  test('loss and gradients', () => {
    expect(distance(evaluate(lossOf(model, params, inputs)), values['loss'])).toBeLessThan(1e-10)
    const found = inFile(model, grad((weights: TransformerParams) => lossOf(model, weights, inputs))(params), head)
    expect(Object.keys(gradients)).not.toEqual([])
    for (const [weight, expected] of Object.entries(gradients)) {
      expect(found.get(weight)?.shape).toEqual(expected.shape)
      expect([weight, distance(found.get(weight) as Constant, expected) < 1e-10]).toEqual([weight, true])
    }
  })
})
