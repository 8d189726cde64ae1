import { fileURLToPath } from 'node:url'
import { openSafetensorsOrThrow } from '@grad-ts/files'
import type { Constant } from '@grad-ts/tensor'
import type { HeadName, TextInputs } from '../src/index.ts'

/** Where the models lie that transformers has written. */
export const folderOf = (name: string): string => fileURLToPath(new URL(`./fixtures/models/${name}`, import.meta.url))

/** Every model, with the head that it was saved with. */
export const models: readonly (readonly [name: string, head: HeadName])[] = [
  ['bert', 'none'],
  ['bert-masked-lm', 'maskedLm'],
  ['bert-classifier', 'sequenceClassification'],
  ['bert-tagger', 'tokenClassification'],
  ['gpt2', 'causalLm'],
  ['gpt2-classifier', 'sequenceClassification'],
  ['llama', 'causalLm'],
  ['llama-bfloat16', 'causalLm'],
  ['llama-float16', 'none'],
  ['mistral', 'causalLm'],
  ['qwen2', 'causalLm'],
]

export interface Expected {
  readonly inputs: TextInputs & { readonly [name: string]: Constant }
  /** What transformers computed, in float64. */
  readonly values: Readonly<Record<string, Constant>>
  /** Gradients of its loss, by the names of the file. */
  readonly gradients: Readonly<Record<string, Constant>>
}

const camel = {
  input_ids: 'inputIds',
  attention_mask: 'attentionMask',
  token_type_ids: 'tokenTypeIds',
  position_ids: 'positionIds',
} as const

/** What transformers made of a model. */
export const expectedOf = async (name: string): Promise<Expected> => {
  await using file = await openSafetensorsOrThrow(`${folderOf(name)}/expected.safetensors`)
  const read: [string, Constant][] = []
  for (const each of file.tensors.keys()) read.push([each, await file.readOrThrow(each)])
  const pick = (test: (name: string) => boolean, rename: (name: string) => string) =>
    Object.fromEntries(read.filter(([each]) => test(each)).map(([each, value]) => [rename(each), value]))
  return {
    inputs: pick(
      (each) => each in camel,
      (each) => camel[each as keyof typeof camel],
    ) as Expected['inputs'],
    values: pick(
      (each) => !(each in camel) && !each.startsWith('gradient.'),
      (each) => each,
    ),
    gradients: pick(
      (each) => each.startsWith('gradient.'),
      (each) => each.replace('gradient.', ''),
    ),
  }
}
