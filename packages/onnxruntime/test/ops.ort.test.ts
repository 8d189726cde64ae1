import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { opExamples } from '@grad-ts/testkit'
import { expm1, log1p, opNames, tensor } from '@grad-ts/tensor'
import { agrees, differentiable, forwardOf, gradientOf } from './op-agreement.ts'

const oneThread = { threads: 1 }

describe.each(opNames)('%s', (op) => {
  const named = opExamples[op].map((example) => [example.name, example] as const)
  test.each(named)('gives the numbers of the interpreter (%s)', (_, example) => agrees(forwardOf(example), example.operands, oneThread))
  test.each(named.filter(([, example]) => differentiable(example)))(
    'has a gradient with the numbers of the interpreter (%s)',
    (_, example) => agrees(gradientOf(example), example.operands, oneThread),
  )
})

test.each([
  ['expm1', expm1, Math.expm1],
  ['log1p', log1p, Math.log1p],
] as const)('%s keeps its relative precision near zero', async (_, op, exact) => {
  const x = tensor([-0.9, -1e-3, -1e-10, 1e-30, 1e-7, 3e-4, 0.49, 0.51, 7])
  await using program = await compileOrThrow(op, [x])
  ;(await program.runOrThrow(x)).attributes.data.forEach((value, i) => {
    const expected = exact(x.attributes.data[i] as number)
    expect(Math.abs(value - expected), String(expected)).toBeLessThan(1e-6 * Math.abs(expected))
  })
})
