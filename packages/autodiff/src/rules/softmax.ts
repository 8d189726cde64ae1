import { mul, softmax, sub, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { GradientRules } from './rule.ts'

export const softmaxRules: GradientRules<'softmax' | 'logSoftmax'> = {
  softmax: (cotangent, node) => {
    const weighted = mul(cotangent, node)
    return [sub(weighted, mul(node, sum(weighted, { axes: node.attributes.axis, keepDims: true })))]
  },
  logSoftmax: (cotangent, { inputs: [x], attributes: { axis } }) => [
    sub(cotangent, mul(softmax(x as Tensor, axis), sum(cotangent, { axes: axis, keepDims: true }))),
  ],
}
