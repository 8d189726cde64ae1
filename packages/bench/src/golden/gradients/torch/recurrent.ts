import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { functions } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'
import { product } from './matmul.ts'

const affine = (x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor => {
  const y = product(x, t.swapAxes(weight))
  return bias === undefined ? y : t.add(y, bias)
}

const sums = (a: Arguments, hidden: Tensor): readonly [Tensor, Tensor] => [
  affine(a.tensor('input'), a.tensor('w_ih'), a.maybe('b_ih')),
  affine(hidden, a.tensor('w_hh'), a.maybe('b_hh')),
]

const parts = (x: Tensor, count: number): Tensor[] =>
  t.split(
    x,
    Array.from({ length: count }, () => (x.shape.at(-1) as number) / count),
    -1,
  )

const simple =
  (fn: (x: Tensor) => Tensor): Handler =>
  (a) =>
    fn(t.add(...(sums(a, a.tensor('hx')) as [Tensor, Tensor])))

const gruState = (fromInput: Tensor, fromHidden: Tensor, hidden: Tensor): Tensor => {
  const [resetIn, updateIn, newIn] = parts(fromInput, 3) as [Tensor, Tensor, Tensor]
  const [resetHidden, updateHidden, newHidden] = parts(fromHidden, 3) as [Tensor, Tensor, Tensor]
  const reset = t.sigmoid(t.add(resetIn, resetHidden))
  const update = t.sigmoid(t.add(updateIn, updateHidden))
  const candidate = t.tanh(t.add(newIn, t.mul(reset, newHidden)))
  return t.add(candidate, t.mul(update, t.sub(hidden, candidate)))
}

const gru: Handler = (a) => gruState(...sums(a, a.tensor('hx')), a.tensor('hx'))

const lstmState = (total: Tensor, cell: Tensor): readonly [Tensor, Tensor] => {
  const [input, forget, candidate, output] = parts(total, 4) as [Tensor, Tensor, Tensor, Tensor]
  const next = t.add(t.mul(t.sigmoid(forget), cell), t.mul(t.sigmoid(input), t.tanh(candidate)))
  return [t.mul(t.sigmoid(output), t.tanh(next)), next]
}

const lstm: Handler = (a) => {
  const [hidden, cell] = a.tensors('hx') as [Tensor, Tensor]
  return lstmState(t.add(...(sums(a, hidden) as [Tensor, Tensor])), cell)
}

type Weights = readonly [Tensor, Tensor, Tensor | undefined, Tensor | undefined]
type State = readonly Tensor[]
type Step = (x: Tensor, state: State, weights: Weights) => State

const preactivations = (x: Tensor, hidden: Tensor, [input, recurrent, inputBias, recurrentBias]: Weights): readonly [Tensor, Tensor] => [
  affine(x, input, inputBias),
  affine(hidden, recurrent, recurrentBias),
]

const simpleStep =
  (fn: (x: Tensor) => Tensor): Step =>
  (x, [hidden], weights) => [fn(t.add(...(preactivations(x, hidden as Tensor, weights) as [Tensor, Tensor])))]

const gruStep: Step = (x, [hidden], weights) => [gruState(...preactivations(x, hidden as Tensor, weights), hidden as Tensor)]

const lstmStep: Step = (x, [hidden, cell], weights) =>
  lstmState(t.add(...(preactivations(x, hidden as Tensor, weights) as [Tensor, Tensor])), cell as Tensor)

/** Runs one direction of one layer over `[time, batch, features]`. */
const direction = (step: Step, x: Tensor, state: State, weights: Weights, reverse: boolean): readonly [Tensor, State] => {
  const [last, outputs] = t.scan(
    (carry: State, slice: Tensor) => {
      const next = step(slice, carry, weights)
      return [next, next[0] as Tensor] as const
    },
    state,
    x,
    { reverse },
  )
  return [outputs, last]
}

const layerOf = (x: Tensor, i: number): Tensor => t.squeeze(t.slice(x, [{ start: i, end: i + 1 }]), 0)

/** Layers over layers, in one direction or both, as `torch.lstm` and its like run them. */
const stacked =
  (step: Step): Handler =>
  (a) => {
    const [biased, layers, both, batchFirst] = [
      a.flag('has_biases'),
      a.number('num_layers'),
      a.flag('bidirectional'),
      a.flag('batch_first'),
    ]
    const initial = Array.isArray(a.raw('hx')) ? a.tensors('hx') : [a.tensor('hx')]
    const params = a.tensors('params')
    const width = biased ? 4 : 2
    let x = batchFirst ? t.swapAxes(a.tensor('input'), 0, 1) : a.tensor('input')
    const finals: State[] = []
    for (let layer = 0; layer < layers; layer++) {
      const runs = (both ? [false, true] : [false]).map((reverse, i) => {
        const at = layer * (both ? 2 : 1) + i
        const weights = [0, 1, 2, 3].map((k) => (k < width ? params[at * width + k] : undefined)) as unknown as Weights
        return direction(
          step,
          x,
          initial.map((part) => layerOf(part, at)),
          weights,
          reverse,
        )
      })
      x = t.concat(
        runs.map(([outputs]) => outputs),
        -1,
      )
      finals.push(...runs.map(([, last]) => last))
    }
    const last = initial.map((_, i) => t.stack(finals.map((state) => state[i] as Tensor)))
    return [batchFirst ? t.swapAxes(x, 0, 1) : x, ...last]
  }

const attention: Handler = (a) => {
  const [query, key, value] = [a.tensor('query'), a.tensor('key'), a.tensor('value')]
  const scale = a.maybeNumber('scale') ?? 1 / Math.sqrt(query.shape.at(-1) as number)
  let scores = t.mul(t.matmul(query, key, { transposeB: true }), scale)
  const mask = a.flag('is_causal') ? t.lowerTriangle(query.shape.at(-2) as number, key.shape.at(-2) as number) : a.maybe('attn_mask')
  if (mask !== undefined) scores = mask.dtype === 'bool' ? t.where(mask, scores, -Infinity) : t.add(scores, mask)
  return t.matmul(t.softmax(scores), value)
}

/** Queries, keys and values `[time, batch, width]` through joint projections. */
const multiHead: Handler = (a) => {
  const [heads, weight, bias] = [a.number('num_heads'), a.tensor('in_proj_weight'), a.maybe('in_proj_bias')]
  const weights = t.split(
    weight,
    [0, 1, 2].map(() => (weight.shape[0] as number) / 3),
  )
  const biases =
    bias === undefined
      ? []
      : t.split(
          bias,
          [0, 1, 2].map(() => (bias.shape[0] as number) / 3),
        )
  const split = (name: string, i: number): Tensor => {
    const projected = affine(a.tensor(name), weights[i] as Tensor, biases[i])
    const [time, batch, width] = projected.shape as [number, number, number]
    return t.transpose(t.reshape(projected, [time, batch, heads, width / heads]), [1, 2, 0, 3])
  }
  const [query, key, value] = ['query', 'key', 'value'].map(split) as [Tensor, Tensor, Tensor]
  let scores = t.div(t.matmul(query, key, { transposeB: true }), Math.sqrt(query.shape[3] as number))
  const hide = (mask: Tensor): void => {
    scores = mask.dtype === 'bool' ? t.where(mask, -Infinity, scores) : t.add(scores, mask)
  }
  const [mask, padding] = [a.maybe('attn_mask'), a.maybe('key_padding_mask')]
  if (mask !== undefined) hide(mask.shape.length === 3 ? t.reshape(mask, scores.shape) : mask)
  if (padding !== undefined) hide(t.reshape(padding, [padding.shape[0] as number, 1, 1, -1]))
  const weighted = t.softmax(scores)
  const joined = t.reshape(t.transpose(t.matmul(weighted, value), [2, 0, 1, 3]), a.tensor('query').shape)
  const output = affine(joined, a.tensor('out_proj_weight'), a.maybe('out_proj_bias'))
  if (!a.flag('need_weights')) return [output, null]
  return [output, a.flag('average_attn_weights') ? t.mean(weighted, { axes: 1 }) : weighted]
}

const cell = 'input, hx, w_ih, w_hh, b_ih=None, b_hh=None'

const sequence = 'input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first'

/** Steps of recurrent networks, and attention. */
export const sequences = functions({
  [`gru(${sequence})`]: stacked(gruStep),
  [`gru_cell(${cell})`]: gru,
  [`lstm(${sequence})`]: stacked(lstmStep),
  [`lstm_cell(${cell})`]: lstm,
  'multi_head_attention_forward(query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False, average_attn_weights=True, is_causal=False)':
    multiHead,
  [`rnn_relu(${sequence})`]: stacked(simpleStep(t.relu)),
  [`rnn_relu_cell(${cell})`]: simple(t.relu),
  [`rnn_tanh(${sequence})`]: stacked(simpleStep(t.tanh)),
  [`rnn_tanh_cell(${cell})`]: simple(t.tanh),
  'scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0, is_causal=False, *, scale=None)': attention,
})
