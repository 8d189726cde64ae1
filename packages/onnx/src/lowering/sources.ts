import { sizeOf } from '@grad-ts/tensor'
import type { Lowerings } from './rule.ts'

export const sources: Lowerings<'input' | 'constant'> = {
  // Inputs are named before the lowering starts; one that arrives here belongs to no argument of the traced function.
  input: (_, __, { attributes: { name } }) => {
    throw new Error(`input '${name}' is not an argument of the traced function; pass it as one`)
  },
  constant: (emitter, _, { attributes: { data, shape, dtype } }) =>
    shape.length === 0 && sizeOf(shape) === 1 ? emitter.scalar(data[0] as number, dtype) : emitter.constant(data, shape, dtype),
}
