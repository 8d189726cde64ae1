import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLeft } from 'fp-ts/lib/Either.js'
import { encodeSafetensors, openSafetensorsOrThrow, openShardsOrThrow } from '@grad-ts/files'
import { key, tensor } from '@grad-ts/tensor'
import type { Constant, FloatDType } from '@grad-ts/tensor'
import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromConfigOrThrow, fromPretrained, fromPretrainedOrThrow, savePretrainedOrThrow } from '../src/index.ts'
import type { PretrainedOptions, TransformersError } from '../src/index.ts'
import { folderOf, models } from './fixtures.ts'

let temporary = ''
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'transformers-'))
})
afterAll(() => rm(temporary, { recursive: true }))

const tensorsIn = async (folder: string): Promise<ReadonlyMap<string, Constant>> => {
  const files = await readdir(folder)
  await using file = await (files.includes('model.safetensors')
    ? openSafetensorsOrThrow(join(folder, 'model.safetensors'))
    : openShardsOrThrow(join(folder, 'model.safetensors.index.json')))
  const found = new Map<string, Constant>()
  for (const name of [...file.tensors.keys()].sort()) found.set(name, await file.readOrThrow(name))
  return found
}

const configIn = async (folder: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>

const failure = async (folder: string, options?: PretrainedOptions): Promise<TransformersError> => {
  const answer = await fromPretrained(folder, options)()
  if (isLeft(answer)) return answer.left
  throw new Error('it was accepted')
}

describe('savePretrained', () => {
  test.each(models)('writes %s as transformers did', async (name, head) => {
    const [from, to] = [folderOf(name), join(temporary, name)]
    const config = await configIn(from)
    const half = config['dtype'] === 'float16'
    const dtype: FloatDType = half ? 'float16' : 'float32'
    const { model, params } = await fromPretrainedOrThrow(from, { head, dtype })
    await savePretrainedOrThrow(to, model, params, { dtype })
    expect(await tensorsIn(to)).toEqual(await tensorsIn(from))
    expect(await configIn(to)).toEqual({ ...config, dtype })
  })

  test('spreads weights over files, and removes those of an earlier model', async () => {
    const folder = join(temporary, 'shards')
    const { model, params } = await fromPretrainedOrThrow(folderOf('gpt2'), { head: 'causalLm' })
    await savePretrainedOrThrow(folder, model, params, { maxShardBytes: 8000 })
    const names = (await readdir(folder)).sort()
    expect(names.filter((name) => name.startsWith('model-')).length).toBeGreaterThan(2)
    expect(await tensorsIn(folder)).toEqual(await tensorsIn(folderOf('gpt2')))
    await savePretrainedOrThrow(folder, model, params)
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors'])
    await savePretrainedOrThrow(folder, model, params, { maxShardBytes: 8000 })
    expect((await readdir(folder)).sort()).toEqual(names)
  })

  test('gives back a model that was made anew, with its labels', async () => {
    const folder = join(temporary, 'new')
    const size = { vocab_size: 20, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 12 }
    const labels = ['ham', 'spam', 'unsure']
    const model = fromConfigOrThrow({ model_type: 'bert', ...size }, { head: 'sequenceClassification', labels })
    const params = model.init(key(3))
    await savePretrainedOrThrow(folder, model, params)
    const back = await fromPretrainedOrThrow(folder, { head: 'sequenceClassification' })
    expect(back.config.id2label).toEqual({ 0: 'ham', 1: 'spam', 2: 'unsure' })
    expect(back.report).toEqual({ unused: [], drawn: [] })
    expect(entries(back.params as Tree<unknown>).map(([path]) => path)).toEqual(entries(params as Tree<unknown>).map(([path]) => path))
    expect(await configIn(folder)).toMatchObject({ ...size, architectures: ['BertForSequenceClassification'] })
  })
})

describe('heads', () => {
  test('a body is read out of a model with a head, and tells what it left', async () => {
    const { report, model } = await fromPretrainedOrThrow(folderOf('gpt2'))
    expect([model.head, report]).toEqual(['none', { unused: [], drawn: [] }])
    const masked = await failure(folderOf('bert-masked-lm'))
    expect(masked).toMatchObject({ tag: 'WeightsError', fault: 'missing', tensors: ['pooler.dense.weight', 'pooler.dense.bias'] })
    const classifier = await fromPretrainedOrThrow(folderOf('bert-classifier'))
    expect(classifier.report).toEqual({ unused: ['classifier.bias', 'classifier.weight'], drawn: [] })
  })

  test('a head that the file lacks is an error that names its tensors, or is drawn by a key', async () => {
    const folder = folderOf('bert-masked-lm')
    const error = await failure(folder, { head: 'sequenceClassification' } as never)
    expect(error.message).toMatch(
      'it lacks pooler.dense.weight, pooler.dense.bias, classifier.weight, classifier.bias; give a key to draw them, or leave the head out',
    )
    const options = { head: 'sequenceClassification', labels: 5, key: key(1) } as const
    const [one, again] = [await fromPretrainedOrThrow(folder, options), await fromPretrainedOrThrow(folder, options)]
    expect(one.report.drawn).toEqual(['pooler.dense.weight', 'pooler.dense.bias', 'classifier.weight', 'classifier.bias'])
    expect(one.report.unused.every((name) => name.startsWith('cls.predictions'))).toBe(true)
    expect(one.params.head.kernel.shape).toEqual([16, 5])
    expect(one.params).toEqual(again.params)
    expect(new Set((one.params.head.kernel as Constant).attributes.data).size).toBeGreaterThan(70)
  })

  test('a head for other labels is an error, or is drawn anew by a key', async () => {
    const folder = folderOf('bert-classifier')
    const options = { head: 'sequenceClassification', labels: 4 } as const
    expect(await failure(folder, options as never)).toMatchObject({ tag: 'WeightsError', fault: 'shape', tensors: ['classifier.weight'] })
    const { report, params } = await fromPretrainedOrThrow(folder, { ...options, key: key(1) })
    expect(report.drawn).toEqual(['classifier.weight', 'classifier.bias'])
    expect(params.pooler).not.toBeNull()
  })

  test('a head that the family lacks is an error', async () => {
    expect(await failure(folderOf('gpt2'), { head: 'maskedLm' } as never)).toMatchObject({
      message: 'config: head: expected one of none, causalLm, sequenceClassification for a model of type gpt2, got "maskedLm"',
    })
  })
})

describe('older files', () => {
  /** A model whose tensors are renamed or added to. */
  const rewritten = async (name: string, change: (tensors: Map<string, Constant>) => void): Promise<string> => {
    const folder = join(temporary, `old-${name}-${Math.random()}`)
    const tensors = new Map(await tensorsIn(folderOf(name)))
    change(tensors)
    await mkdir(folder)
    await copyFile(join(folderOf(name), 'config.json'), join(folder, 'config.json'))
    await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(Object.fromEntries(tensors)))
    return folder
  }

  test('norms with gamma and beta, and buffers, are read', async () => {
    const folder = await rewritten('bert-masked-lm', (tensors) => {
      for (const [name, value] of Array.from(tensors)) {
        tensors.delete(name)
        tensors.set(name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'), value)
      }
      tensors.set('bert.embeddings.position_ids', tensor([[0, 1]], { dtype: 'int32' }))
      tensors.set('cls.predictions.decoder.weight', tensors.get('bert.embeddings.word_embeddings.weight') as Constant)
    })
    const found = await fromPretrainedOrThrow(folder, { head: 'maskedLm' })
    expect(found.report).toEqual({ unused: [], drawn: [] })
    expect(found.params).toEqual((await fromPretrainedOrThrow(folderOf('bert-masked-lm'), { head: 'maskedLm' })).params)
  })

  test('a decoder without the prefix of its body, and with masks among its tensors, is read', async () => {
    const folder = await rewritten('gpt2', (tensors) => {
      for (const [name, value] of Array.from(tensors)) {
        tensors.delete(name)
        tensors.set(name.replace('transformer.', ''), value)
      }
      tensors.set('h.0.attn.bias', tensor([[[[1]]]]))
    })
    const found = await fromPretrainedOrThrow(folder, { head: 'causalLm' })
    expect(found.report).toEqual({ unused: [], drawn: [] })
  })

  test('embeddings may stand under the name of the head that shares them, but not differ from it', async () => {
    const alone = await rewritten('llama', (tensors) => {
      tensors.set('lm_head.weight', tensors.get('model.embed_tokens.weight') as Constant)
      tensors.delete('model.embed_tokens.weight')
    })
    expect((await fromPretrainedOrThrow(alone, { head: 'causalLm' })).report).toEqual({ unused: [], drawn: [] })
    const apart = await rewritten('llama', (tensors) => {
      const { shape } = tensors.get('model.embed_tokens.weight') as Constant
      tensors.set('lm_head.weight', tensor(new Float32Array(shape[0]! * shape[1]!), { shape }))
    })
    expect(await failure(apart, { head: 'causalLm' } as never)).toMatchObject({
      tag: 'WeightsError',
      fault: 'tied',
      tensors: ['model.embed_tokens.weight', 'lm_head.weight'],
    })
  })

  test('weights of another model are refused by name', async () => {
    const short = await rewritten('llama', (tensors) => tensors.delete('model.layers.1.mlp.up_proj.weight'))
    expect((await failure(short)).message).toMatch('it lacks layers.1.mlp.up_proj.weight; it belongs to another model')
    const wide = await rewritten('llama', (tensors) => tensors.set('model.norm.weight', tensor([1, 2, 3])))
    expect((await failure(wide)).message).toMatch(
      "'model.norm.weight' is [3], the model needs [16]; config.json does not describe this file",
    )
    const whole = await rewritten('llama', (tensors) => tensors.set('model.norm.weight', tensor(new Int32Array(16))))
    expect(await failure(whole)).toMatchObject({ tag: 'WeightsError', fault: 'dtype' })
    expect((await failure(short, { key: key(0) })).tag).toBe('WeightsError')
  })
})

describe('files that are not there', () => {
  test('say where they are published', async () => {
    expect((await failure(join(temporary, 'nowhere/bert-base-uncased'))).message).toMatch(
      'config.json: no such file; nothing is fetched. It is published as config.json of bert-base-uncased on the Hugging Face Hub; there is no such folder',
    )
    expect(await failure('google/electra-small')).toMatchObject({
      published: 'config.json of google/electra-small on the Hugging Face Hub',
    })
    const cache = join(temporary, 'models--openai-community--gpt2/snapshots/607a30d7')
    await cp(join(folderOf('gpt2'), 'config.json'), join(cache, 'config.json'))
    expect(await failure(cache)).toMatchObject({
      tag: 'MissingFileError',
      published: 'model.safetensors of openai-community/gpt2 on the Hugging Face Hub',
    })
    await writeFile(join(cache, 'pytorch_model.bin'), '')
    expect((await failure(cache)).message).toMatch(
      'the folder has pytorch_model.bin, which is not read: take the safetensors of the same model',
    )
    await cp(join(folderOf('gpt2'), 'model.safetensors.index.json'), join(cache, 'model.safetensors.index.json'))
    expect(await failure(cache)).toMatchObject({ tag: 'FileError', missing: true, path: join(cache, 'model-00001-of-00002.safetensors') })
  })

  test('a configuration that is no JSON, or none at all', async () => {
    const folder = await mkdtemp(join(temporary, 'bad-'))
    await writeFile(join(folder, 'config.json'), '{')
    expect(await failure(folder)).toMatchObject({ tag: 'ConfigError' })
    await writeFile(join(folder, 'config.json'), '[]')
    expect((await failure(folder)).message).toMatch('config: expected a record, got []')
  })
})
