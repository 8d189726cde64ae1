import { isConstant } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import { either } from './either.ts'
import type { Lowerings } from './rule.ts'

const single =
  (op: string) =>
  (emitter: Emitter, inputs: readonly string[]): string =>
    emitter.add(op, inputs)

const neverZero = (x: Tensor | undefined): boolean => x !== undefined && isConstant(x) && x.attributes.data.every((value) => value !== 0)

/** Integer division by zero ends the process in some runtimes; here it gives 0, as an int32 of the interpreter does. */
const integerDivision = (emitter: Emitter, op: string, [a, b]: readonly [string, string], node: Tensor): string => {
  if (neverZero(node.inputs[1])) return emitter.add(op, [a, b])
  const zero = emitter.scalar(0, 'int32')
  const byZero = emitter.add('Equal', [b, zero])
  const quotient = emitter.add(op, [a, emitter.add('Where', [byZero, emitter.scalar(1, 'int32'), b])])
  return emitter.add('Where', [byZero, zero, quotient])
}

/** The rest of the division toward zero, moved by b where its sign is not that of b: WebGPU has no Mod kernel. */
const remainder = (emitter: Emitter, [a, b]: readonly [string, string], node: Tensor): string => {
  const zero = emitter.scalar(0, 'int32')
  const isNegative = (x: string): string => emitter.add('Cast', [emitter.add('Less', [x, zero])], { to: elementType.int32 })
  const rest = emitter.add('Sub', [a, emitter.add('Mul', [b, integerDivision(emitter, 'Div', [a, b], node)])])
  const moved = emitter.add('Where', [emitter.add('Equal', [isNegative(rest), isNegative(b)]), rest, emitter.add('Add', [rest, b])])
  const settled = emitter.add('Where', [emitter.add('Equal', [rest, zero]), zero, moved])
  return neverZero(node.inputs[1]) ? settled : emitter.add('Where', [emitter.add('Equal', [b, zero]), zero, settled])
}

/** Only integers have a Mod with the sign of the divisor. */
const floorMod = (emitter: Emitter, [a, b]: readonly [string, string], node: Tensor): string => {
  if (node.dtype === 'int32')
    return emitter.target === 'webgpu' ? remainder(emitter, [a, b], node) : integerDivision(emitter, 'Mod', [a, b], node)
  const quotient = emitter.add('Floor', [emitter.add('Div', [a, b])])
  return emitter.add('Sub', [a, emitter.add('Mul', [b, quotient])])
}

/** There is no Where kernel for bool. */
const selectLogical = (emitter: Emitter, [condition, whenTrue, whenFalse]: readonly [string, string, string]): string =>
  either(emitter, emitter.add('And', [condition, whenTrue]), emitter.add('And', [emitter.add('Not', [condition]), whenFalse]))

export const binary: Lowerings<
  'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'mod' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or' | 'where' | 'cast'
> = {
  add: single('Add'),
  sub: single('Sub'),
  mul: single('Mul'),
  div: (emitter, inputs, node) =>
    node.dtype === 'int32' ? integerDivision(emitter, 'Div', inputs as readonly [string, string], node) : emitter.add('Div', inputs),
  pow: single('Pow'),
  maximum: single('Max'),
  minimum: single('Min'),
  mod: (emitter, inputs, node) => floorMod(emitter, inputs as readonly [string, string], node),
  equal: single('Equal'),
  less: single('Less'),
  lessEqual: single('LessOrEqual'),
  and: single('And'),
  or: (emitter, [a, b]) => either(emitter, a as string, b as string),
  where: (emitter, inputs, { dtype }) =>
    dtype === 'bool' ? selectLogical(emitter, inputs as readonly [string, string, string]) : emitter.add('Where', inputs),
  cast: (emitter, inputs, node) =>
    node.dtype === node.inputs[0]?.dtype ? (inputs[0] as string) : emitter.add('Cast', inputs, { to: elementType[node.dtype] }),
}
