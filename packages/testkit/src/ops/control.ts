import * as T from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { example, values } from './example.ts'
import type { OpExample, OpExamples } from './example.ts'

const recurrence = (reverse: boolean): OpExample =>
  example(`${reverse ? 'backward' : 'forward'} in time`, [values([2, 3]), values([5, 2, 3]), values([3, 3])], (init, sequence, weight) => {
    const [last, outputs] = T.scan(
      (h: Tensor, x: Tensor) => {
        const next = T.tanh(T.add(T.matmul(h, weight as Tensor), x))
        return [next, T.mul(next, 2)]
      },
      init as Tensor,
      sequence as Tensor,
      { reverse, unroll: 0 },
    )
    return T.concat([T.reshape(last, [-1]), T.reshape(outputs, [-1])], 0)
  })

/** The loop form as gradients use it: only the last carry is kept. */
const lastCarry: OpExample = example(
  'keeps the last carry',
  [values([2]), values([4, 2])],
  (init, sequence) => {
    const [h, x] = [T.input('h', [2]), T.input('x', [2])]
    const next = T.add(T.mul(h, 0.5), x)
    return T.node('scan', [init as Tensor, sequence as Tensor], {
      body: { inputs: [h, x], outputs: [next, T.neg(next)] },
      carries: 1,
      sequences: 1,
      length: 4,
      history: false,
      reverse: true,
    })
  },
  true,
)

export const controlExamples: OpExamples<'scan' | 'checkpoint'> = {
  scan: [recurrence(false), recurrence(true), lastCarry],
  checkpoint: [
    example('square', [values([3, 2])], (x) => {
      const inner = T.input('x', [3, 2])
      return T.node('checkpoint', [T.mul(T.sin(x as Tensor), x as Tensor), x as Tensor], {
        body: { inputs: [inner], outputs: [T.mul(T.sin(inner), inner)] },
      })
    }),
  ],
}
