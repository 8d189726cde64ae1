import { expandDims, inverse } from '@grad-ts/tensor'
import { numberAt, tensorAt } from '../../call.ts'
import type { Converter } from '../../call.ts'
import { layout } from '../layout.ts'
import { positionOf } from '../layout.ts'
import { sampling } from '../sampling.ts'
import { selections } from '../select.ts'
import { activations } from './activations.ts'
import { contribAttentions } from './attention.ts'
import { blocks } from './blocks.ts'
import { fused } from './fused.ts'
import { grouped } from './grouped.ts'
import { contribNormalisations } from './normalise.ts'
import { contribQuantised } from './quantised.ts'

const widened: Converter = (call) => {
  const x = tensorAt(call, 0)
  return expandDims(x, positionOf(call, numberAt(call, 1), x.shape.length + 1))
}

/** Operators that ONNX Runtime's optimiser and quantiser write. */
export const contrib: Readonly<Record<string, Converter>> = {
  ...activations,
  ...blocks,
  ...contribAttentions,
  ...contribNormalisations,
  ...contribQuantised,
  ...fused,
  ...grouped,
  ExpandDims: widened,
  GridSample: sampling['GridSample'] as Converter,
  Inverse: (call) => inverse(tensorAt(call, 0)),
  Trilu: layout['Trilu'] as Converter,
  Unique: selections['Unique'] as Converter,
}
