import { describe, expect, test } from 'vitest'
import { compileStepOrThrow, probeDevice } from '@grad-ts/onnxruntime'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { evaluate, opNames, stack } from '@grad-ts/tensor'
import type { Constant, OpName } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'
import { agrees, differentiable, forwardOf, gradientOf } from './op-agreement.ts'

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

const onWebgpu = { device: 'webgpu', threads: 1 } as const

// The provider has no float64, and shaders need not keep infinities and NaN.
const fits = ({ name, operands, apply }: OpExample): boolean =>
  name !== 'edges' && [...operands, apply(...operands)].every(({ dtype }) => dtype !== 'float64')

// Sines and cosines of shaders are exact to 2⁻¹¹ only.
const coarse: ReadonlySet<OpName> = new Set(['sin', 'cos', 'checkpoint'])

describe.skipIf(missing !== undefined)('webgpu', () => {
  describe.each(opNames)('%s', (op) => {
    const tolerance = coarse.has(op) ? 1e-3 : 1e-5
    const named = opExamples[op].filter(fits).map((example) => [example.name, example] as const)
    test.each(named)('gives the numbers of the interpreter (%s)', (_, example) =>
      agrees(forwardOf(example), example.operands, onWebgpu, tolerance),
    )
    test.each(named.filter(([, example]) => differentiable(example)))(
      'has a gradient with the numbers of the interpreter (%s)',
      (_, example) => agrees(gradientOf(example), example.operands, onWebgpu, tolerance),
    )
  })

  test('a step gives the numbers of the cpu, in single runs and several at once', async () => {
    const batches = Array.from({ length: 6 }, (_, i) => batchOf(i))
    await using cpu = await compileStepOrThrow(step, initialState(), batchOf(0), { threads: 1 })
    await using single = await compileStepOrThrow(step, initialState(), batchOf(0), onWebgpu)
    await using several = await compileStepOrThrow(step, initialState(), batchOf(0), { ...onWebgpu, stepsPerRun: 3 })
    for (const batch of batches) expectAgreement(await single.runOrThrow(batch), await cpu.runOrThrow(batch), 1e-4)
    for (const start of [0, 3]) {
      const three = batches.slice(start, start + 3)
      await several.runOrThrow({
        x: evaluate(stack(three.map(({ x }) => x))) as Constant,
        y: evaluate(stack(three.map(({ y }) => y))) as Constant,
      })
    }
    expectAgreement(await single.stateOrThrow(), await cpu.stateOrThrow(), 1e-4)
    expectAgreement(await several.stateOrThrow(), await single.stateOrThrow(), 0)
    await single.setStateOrThrow(initialState(5))
    expectAgreement(await single.stateOrThrow(), initialState(5) as never, 0)
    expect(await single.runOrThrow(batchOf(0))).toBeDefined()
  })
})
