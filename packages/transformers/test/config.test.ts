import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { rotaryFrequencies } from '@grad-ts/nn'
import { describe, expect, test } from 'vitest'
import { decodeConfig, fromConfig } from '../src/index.ts'
import { rotaryOf } from '../src/config/rotary.ts'

const messageOf = (value: unknown): string => {
  const answer = decodeConfig(value)
  return isLeft(answer) ? answer.left.message : 'it was accepted'
}

const decoded = (value: unknown) => {
  const answer = decodeConfig(value)
  if (isLeft(answer)) throw answer.left
  return answer.right
}

describe('decodeConfig', () => {
  test('says where a configuration is wrong, what was expected and what came', () => {
    const llama3 = { rope_type: 'llama3', rope_theta: 5e5, factor: 8, low_freq_factor: 1, high_freq_factor: 4 }
    expect([
      messageOf(null),
      messageOf({ model_type: 't5' }),
      messageOf({ model_type: 'bert', hidden_act: 'maxout' }),
      messageOf({ model_type: 'bert', hidden_size: '768' }),
      messageOf({ model_type: 'bert', num_hidden_layers: 1e9 }),
      messageOf({ model_type: 'bert', hidden_dropout_prob: 1 }),
      messageOf({ model_type: 'bert', position_embedding_type: 'relative_key' }),
      messageOf({ model_type: 'bert', is_decoder: true }),
      messageOf({ model_type: 'bert', num_attention_heads: 7 }),
      messageOf({ model_type: 'bert', id2label: ['a'] }),
      messageOf({ model_type: 'gpt2', n_head: 5 }),
      messageOf({ model_type: 'gpt2', scale_attn_by_inverse_layer_idx: true }),
      messageOf({ model_type: 'llama', rope_scaling: { rope_type: 'yarn', factor: 4 } }),
      messageOf({ model_type: 'llama', rope_scaling: { type: 'dynamic', factor: 4 } }),
      messageOf({ model_type: 'llama', rope_parameters: { rope_type: 'linear' } }),
      messageOf({ model_type: 'llama', rope_parameters: { rope_type: 'linear', factor: 0.5 } }),
      messageOf({ model_type: 'llama', rope_parameters: { ...llama3, low_freq_factor: 'one' } }),
      messageOf({ model_type: 'llama', rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } }),
      messageOf({ model_type: 'llama', num_attention_heads: 8, num_key_value_heads: 3 }),
      messageOf({ model_type: 'llama', head_dim: 5 }),
      messageOf({ model_type: 'llama', quantization_config: { bits: 4 } }),
      messageOf({ model_type: 'qwen2', use_sliding_window: true }),
    ]).toMatchInlineSnapshot(`
      [
        "config: expected a record, got null",
        "config: model_type: expected one of bert, gpt2, llama, mistral, qwen2, got "t5"",
        "config: hidden_act: expected one of elu, gelu, gelu_accurate, gelu_fast, gelu_new, gelu_python, gelu_pytorch_tanh, leaky_relu, linear, mish, quick_gelu, relu, relu2, relu6, selu, sigmoid, silu, swish, tanh, got "maxout"",
        "config: hidden_size: expected a whole number of 1 or more, got "768"",
        "config: num_hidden_layers: expected a whole number from 1 to 1000, got 1000000000",
        "config: hidden_dropout_prob: expected a number from 0 up to, not including, 1, got 1",
        "config: position_embedding_type: expected "absolute", for relative positions are not supported, got "relative_key"",
        "config: is_decoder: expected false, for a BERT that decodes is not supported, got true",
        "config: num_attention_heads: expected a number that divides hidden_size, 768, got 7",
        "config: id2label: expected a record of labels by number, got ["a"]",
        "config: n_head: expected a number that divides n_embd, 768, got 5",
        "config: scale_attn_by_inverse_layer_idx: expected false, for scores scaled by the number of the layer are not supported, got true",
        "config: rope_scaling.rope_type: expected one of default, linear, llama3, got "yarn"",
        "config: rope_scaling.type: expected one of default, linear, llama3, got "dynamic"",
        "config: rope_parameters.factor: expected a number of 1 or more, got nothing",
        "config: rope_parameters.factor: expected a number of 1 or more, got 0.5",
        "config: rope_parameters.low_freq_factor: expected a number above 0, got "one"",
        "config: rope_parameters.partial_rotary_factor: expected 1, for turning a part of the features is not supported, got 0.5",
        "config: num_key_value_heads: expected a number that divides num_attention_heads, 8, got 3",
        "config: head_dim: expected an even number, for positions turn pairs, got 5",
        "config: quantization_config: expected nothing, for quantised weights are not read, got {"bits":4}",
        "config: use_sliding_window: expected false, for attention within a window is not supported, got true",
      ]
    `)
  })

  test('fills in what is left out, and keeps what it does not know', () => {
    expect(decoded({ model_type: 'bert', _name_or_path: 'bert-base-uncased', tie_word_embeddings: null })).toMatchObject({
      hidden_size: 768,
      layer_norm_eps: 1e-12,
      classifier_dropout: null,
      tie_word_embeddings: true,
      _name_or_path: 'bert-base-uncased',
    })
    expect(decoded({ model_type: 'mistral' })).toMatchObject({ sliding_window: 4096, num_key_value_heads: 8 })
    expect(decoded({ model_type: 'mistral', sliding_window: null })).toMatchObject({ sliding_window: null })
  })

  test('reads rotary positions as older files and as newer ones write them', () => {
    const scaling = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 }
    const older = decoded({ model_type: 'llama', rope_theta: 5e5, rope_scaling: scaling })
    const newer = decoded({ model_type: 'llama', rope_parameters: { ...scaling, rope_theta: 5e5 } })
    expect(rotaryOf(older as never)).toEqual(rotaryOf(newer as never))
    expect(rotaryOf(older as never)).toMatchObject({ base: 5e5, scaling: { type: 'llama3', originalLength: 8192 } })
    const first = decoded({ model_type: 'llama', rope_scaling: { type: 'linear', factor: 2 } })
    expect(rotaryFrequencies(4, rotaryOf(first as never))).toEqual([0.5, 0.005])
    expect(rotaryOf(decoded({ model_type: 'llama' }) as never)).toEqual({ base: 10000 })
  })
})

describe('fromConfig', () => {
  test('refuses heads that a family lacks, and classifiers without a label', () => {
    const heads = fromConfig({ model_type: 'bert' }, { head: 'causalLm' })
    expect(isLeft(heads) && heads.left.path).toBe('head')
    const labels = fromConfig({ model_type: 'bert' }, { head: 'sequenceClassification', labels: [] })
    expect(isLeft(labels) && labels.left.message).toBe('config: labels: expected at least one label, got []')
    expect(isRight(fromConfig({ model_type: 'gpt2' }))).toBe(true)
    expect(isLeft(fromConfig('gpt2', { labels: 3 }))).toBe(true)
  })
})
