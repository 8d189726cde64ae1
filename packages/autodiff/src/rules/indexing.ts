import { gather, scatterAdd, scatterAddAlong, takeAlongAxis } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { GradientRules } from './rule.ts'

type Indexed = readonly [Tensor, Tensor]

export const indexingRules: GradientRules<'gather' | 'scatterAdd' | 'gatherAlong' | 'scatterAddAlong'> = {
  gather: (cotangent, { inputs, attributes: { axis } }) => {
    const [x, indices] = inputs as Indexed
    return [scatterAdd(cotangent, indices, { axis, length: x.shape[axis] as number }), null]
  },
  scatterAdd: (cotangent, { inputs, attributes: { axis } }) => [gather(cotangent, (inputs as Indexed)[1], axis), null],
  gatherAlong: (cotangent, { inputs, attributes: { axis } }) => {
    const [x, indices] = inputs as Indexed
    return [scatterAddAlong(cotangent, indices, { axis, length: x.shape[axis] as number }), null]
  },
  scatterAddAlong: (cotangent, { inputs, attributes: { axis } }) => [takeAlongAxis(cotangent, (inputs as Indexed)[1], axis), null],
}
