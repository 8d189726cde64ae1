import { grad } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { expect, test } from 'vitest'
import { fromPretrainedOrThrow } from '../src/index.ts'
import type { Transformer, TransformerParams } from '../src/index.ts'
import { distance, inFile, lossOf, resultOf } from './agreement.ts'
import { expectedOf, folderOf, models } from './fixtures.ts'

const scaleOf = ({ attributes: { data } }: Constant): number => Math.max(1, ...Array.from(data, Math.abs))

test.each(models)('%s through ONNX Runtime, in float32', async (name, head) => {
  const loaded = await fromPretrainedOrThrow(folderOf(name), { head })
  const [model, params] = [loaded.model as Transformer, loaded.params as TransformerParams]
  const { inputs, values, gradients } = await expectedOf(name)
  const pass = (weights: TransformerParams, given: typeof inputs) => ({
    result: resultOf(model, weights, given),
    gradients: grad((each: TransformerParams) => lossOf(model, each, given))(weights),
  })
  const program = await compileOrThrow(pass, [params, inputs])
  const found = (await program.runOrThrow(params, inputs)) as { readonly result: Tensor; readonly gradients: TransformerParams }
  await program.dispose()
  const wanted = (values['logits'] ?? values['last']) as Constant
  expect(distance(found.result, wanted)).toBeLessThan(1e-5 * scaleOf(wanted))
  const stored = inFile(model, found.gradients, head)
  for (const [weight, expected] of Object.entries(gradients))
    expect([weight, distance(stored.get(weight) as Constant, expected) < 2e-5 * scaleOf(expected)]).toEqual([weight, true])
})
