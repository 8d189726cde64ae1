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

const gru: Handler = (a) => {
  const hidden = a.tensor('hx')
  const [fromInput, fromHidden] = sums(a, hidden)
  const [resetIn, updateIn, newIn] = parts(fromInput, 3) as [Tensor, Tensor, Tensor]
  const [resetHidden, updateHidden, newHidden] = parts(fromHidden, 3) as [Tensor, Tensor, Tensor]
  const reset = t.sigmoid(t.add(resetIn, resetHidden))
  const update = t.sigmoid(t.add(updateIn, updateHidden))
  const candidate = t.tanh(t.add(newIn, t.mul(reset, newHidden)))
  return t.add(candidate, t.mul(update, t.sub(hidden, candidate)))
}

const lstm: Handler = (a) => {
  const [hidden, cell] = a.tensors('hx') as [Tensor, Tensor]
  const [input, forget, candidate, output] = parts(t.add(...(sums(a, hidden) as [Tensor, Tensor])), 4) as [Tensor, Tensor, Tensor, Tensor]
  const next = t.add(t.mul(t.sigmoid(forget), cell), t.mul(t.sigmoid(input), t.tanh(candidate)))
  return [t.mul(t.sigmoid(output), t.tanh(next)), next]
}

const attention: Handler = (a) => {
  const [query, key, value] = [a.tensor('query'), a.tensor('key'), a.tensor('value')]
  const scale = a.maybeNumber('scale') ?? 1 / Math.sqrt(query.shape.at(-1) as number)
  let scores = t.mul(t.matmul(query, key, { transposeB: true }), scale)
  const mask = a.flag('is_causal') ? t.lowerTriangle(query.shape.at(-2) as number, key.shape.at(-2) as number) : a.maybe('attn_mask')
  if (mask !== undefined) scores = mask.dtype === 'bool' ? t.where(mask, scores, -Infinity) : t.add(scores, mask)
  return t.matmul(t.softmax(scores), value)
}

const cell = 'input, hx, w_ih, w_hh, b_ih=None, b_hh=None'

/** Steps of recurrent networks, and attention. */
export const sequences = functions({
  [`gru_cell(${cell})`]: gru,
  [`lstm_cell(${cell})`]: lstm,
  [`rnn_relu_cell(${cell})`]: simple(t.relu),
  [`rnn_tanh_cell(${cell})`]: simple(t.tanh),
  'scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0, is_causal=False, *, scale=None)': attention,
})
