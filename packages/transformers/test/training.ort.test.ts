import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accuracy } from '@grad-ts/nn'
import { lora } from '@grad-ts/onnx'
import { adam } from '@grad-ts/optim'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { evaluate, key, tensor, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, predictOrThrow } from '@grad-ts/trainer'
import { expect, test } from 'vitest'
import {
  collateCausalLm,
  collated,
  collateLabels,
  fromPretrainedOrThrow,
  maskTokens,
  padEncodings,
  savePretrainedOrThrow,
  tokenLoss,
  tokenWeights,
} from '../src/index.ts'
import { folderOf } from './fixtures.ts'

/** Sequences of 3 to 9 tokens whose class is told by whether they have a 20. */
const sequences = Array.from({ length: 60 }, (_, i) => {
  const ids = Array.from({ length: 3 + (i % 7) }, (_unused, j) => 5 + ((i * 7 + j * 3) % 14))
  if (i % 2 === 0) ids[i % ids.length] = 20
  return { ids: [2, ...ids, 3], label: (i + 1) % 2 }
})

const meanOf = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length

test('a classifier is fine-tuned on batches of few lengths, saved and read again', async () => {
  const options = { head: 'sequenceClassification', labels: ['without', 'with'], key: key(1) } as const
  const { model, params } = await fromPretrainedOrThrow(folderOf('bert-masked-lm'), options)
  const data = collated(sequences, collateLabels({ padId: 0, to: { buckets: [6, 12] } }), { bucketed: true })
  const task = { model, loss: tokenLoss, metrics: { accuracy: accuracy() }, data }
  const run = await fitOrThrow({ ...task, params, solver: adam({ learningRate: 5e-3 }), epochs: 12, batchSize: 12 })
  expect((await evaluateOrThrow({ ...task, params: run.params })).metrics['accuracy']).toBeGreaterThan(0.95)

  const folder = await mkdtemp(join(tmpdir(), 'trained-'))
  await savePretrainedOrThrow(folder, model, run.params)
  const again = await fromPretrainedOrThrow(folder, { head: 'sequenceClassification' })
  expect([again.config.id2label, again.report.drawn]).toEqual([{ 0: 'without', 1: 'with' }, []])
  const inputs = padEncodings(sequences.slice(0, 8), { padId: 0 })
  const [before, after] = await Promise.all([
    predictOrThrow({ model, params: run.params, inputs }),
    predictOrThrow({ model: again.model, params: again.params, inputs }),
  ])
  expect(toArray(after)).toEqual(toArray(before))
  await rm(folder, { recursive: true })
})

test('a masked language model hides other tokens in every step', async () => {
  const { model, params } = await fromPretrainedOrThrow(folderOf('bert-masked-lm'), { head: 'maskedLm' })
  const masking = { maskId: 4, specialIds: [0, 2, 3], vocabularySize: 32, share: 0.3 }
  const data = collated(sequences, (batch) => padEncodings(batch, { padId: 0, to: { length: 12 } }))
  const run = await fitOrThrow({
    params,
    data,
    loss: (weights, batch: { readonly inputIds: Tensor; readonly attentionMask: Tensor }, { key: drawn = key(0), ...context }) => {
      const { inputIds, labels } = maskTokens(drawn, batch.inputIds, masking)
      return tokenLoss(model.apply(weights, { ...batch, inputIds }, { ...context, key: drawn }), labels)
    },
    solver: adam({ learningRate: 3e-3 }),
    epochs: 12,
    batchSize: 20,
  })
  expect(new Set(run.loss).size).toBe(run.loss.length)
  expect(meanOf(run.loss.slice(-6))).toBeLessThan(0.8 * meanOf(run.loss.slice(0, 6)))
})

test('masks are the same bits in the graph and in the interpreter', async () => {
  const ids = tensor(
    Int32Array.from({ length: 4000 }, (_, i) => i % 31),
    { shape: [40, 100] },
  )
  const mask = (drawn: Tensor, tokens: Tensor) => ({ ...maskTokens(drawn, tokens, { maskId: 4, specialIds: [0, 2], vocabularySize: 31 }) })
  await using program = await compileOrThrow(mask, [key(3), ids])
  expect(await program.runOrThrow(key(3), ids)).toEqual(evaluate(mask(key(3), ids)))
})

test('a causal language model learns by low-rank adapters, which are merged and saved', async () => {
  const { model, params } = await fromPretrainedOrThrow(folderOf('llama'), { head: 'causalLm' })
  const adapted = lora(params, model.apply, { rank: 2, targets: ['*.attention.query.kernel', '*.attention.value.kernel'] })
  expect(Object.keys(adapted.params).sort()).toEqual(
    [0, 1].flatMap((i) => ['query', 'value'].map((part) => `layers.${i}.attention.${part}.kernel`)),
  )
  const data = collated(sequences, collateCausalLm({ padId: 0, to: { length: 12 } }))
  const run = await fitOrThrow({
    params: adapted.params,
    data,
    loss: (adapters, { x, y }: { readonly x: { readonly inputIds: Tensor; readonly attentionMask: Tensor }; readonly y: Tensor }) =>
      tokenLoss(adapted.apply(adapters, x), y),
    solver: adam({ learningRate: 0.02 }),
    epochs: 10,
    batchSize: 20,
  })
  expect(Number(run.loss.at(-1))).toBeLessThan(0.97 * Number(run.loss[0]))
  const merged = adapted.merge(run.params)
  expect(merged.embeddings.words.table).toBe(params.embeddings.words.table)
  const folder = await mkdtemp(join(tmpdir(), 'adapted-'))
  await savePretrainedOrThrow(folder, model, merged)
  const again = await fromPretrainedOrThrow(folder, { head: 'causalLm' })
  const measured = await evaluateOrThrow({ model, params: again.params, loss: tokenLoss, weights: tokenWeights, data })
  const start = await evaluateOrThrow({ model, params, loss: tokenLoss, weights: tokenWeights, data })
  expect(measured.loss).toBeLessThan(start.loss)
  await rm(folder, { recursive: true })
})
