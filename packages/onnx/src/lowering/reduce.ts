import { exp, log, max, sub, sum } from '@grad-ts/tensor'
import type { ReduceAttributes, Tensor } from '@grad-ts/tensor'
import { elementType } from '../schema/types.ts'
import { decompose } from './decompose.ts'
import type { Lowering, Lowerings } from './rule.ts'
import type { Emitter } from '../emitter.ts'

const reduction =
  (op: string) =>
  (emitter: Emitter, inputs: readonly string[], { attributes: { axes, keepDims } }: { readonly attributes: ReduceAttributes }): string =>
    axes.length === 0 ? (inputs[0] as string) : emitter.add(op, [inputs[0] as string, emitter.int64(axes)], { keepdims: Number(keepDims) })

const argument =
  (op: string): Lowering<'argMax' | 'argMin'> =>
  (emitter, inputs, { attributes: { axis, keepDims } }) =>
    emitter.add('Cast', [emitter.add(op, inputs, { axis, keepdims: Number(keepDims) })], { to: elementType.int32 })

export const reductions: Lowerings<'sum' | 'max' | 'min' | 'prod' | 'argMax' | 'argMin' | 'softmax' | 'logSoftmax' | 'cumsum'> = {
  sum: reduction('ReduceSum'),
  max: reduction('ReduceMax'),
  min: reduction('ReduceMin'),
  prod: reduction('ReduceProd'),
  argMax: argument('ArgMax'),
  argMin: argument('ArgMin'),
  softmax: (emitter, inputs, { attributes: { axis } }) => emitter.add('Softmax', inputs, { axis }),
  // WebGPU has no LogSoftmax kernel: x − max − ln Σ e^(x − max).
  logSoftmax: (emitter, inputs, node) => {
    const { axis } = node.attributes
    if (emitter.target !== 'webgpu') return emitter.add('LogSoftmax', inputs, { axis })
    return decompose(emitter, inputs, node, (x) => {
      const shifted = sub(x as Tensor, max(x as Tensor, { axes: [axis], keepDims: true }))
      return sub(shifted, log(sum(exp(shifted), { axes: [axis], keepDims: true })))
    })
  },
  cumsum: (emitter, inputs, { attributes: { axis, exclusive, reverse } }) =>
    emitter.add('CumSum', [inputs[0] as string, emitter.int64(axis)], { exclusive: Number(exclusive), reverse: Number(reverse) }),
}
