import { test } from 'vitest'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { cast, evaluate, opNames } from '@grad-ts/tensor'
import type { Constant, OpName, Tensor } from '@grad-ts/tensor'
import { agrees } from './op-agreement.ts'

const half = (x: Tensor): Tensor => (x.dtype === 'float32' ? cast(x, 'float16') : x)

// The provider computes in float32 between casts, and rounds where the interpreter rounds, or later.
const tolerance = 4e-3

const inHalf = ({ name, operands, apply }: OpExample): OpExample | undefined => {
  if (name === 'edges' || !operands.some(({ dtype }) => dtype === 'float32') || operands.some(({ dtype }) => dtype === 'float64'))
    return undefined
  return { name, operands: operands.map((operand) => evaluate(half(operand)) as Constant), apply }
}

// Their examples hold float32 constants.
const ownDtype: ReadonlySet<OpName> = new Set(['constant', 'scan'])

const named = opNames
  .filter((op) => !ownDtype.has(op))
  .flatMap((op) => opExamples[op].flatMap((example) => inHalf(example) ?? []).map((example) => [op, example.name, example] as const))

test.each(named)('%s in float16 gives the numbers of the interpreter (%s)', (_, __, { apply, operands }) =>
  agrees((...given) => [apply(...given)], operands, { threads: 1 }, tolerance),
)
