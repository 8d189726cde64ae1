import { expect, test } from 'vitest'
import { compilerPasses, compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import { evaluate, stack } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'
import type { Batch } from './models.ts'

const batches = [0, 1, 2, 3].map((seed) => batchOf(seed))
const stacked: Batch = {
  x: evaluate(stack(batches.map(({ x }) => x))) as Constant,
  y: evaluate(stack(batches.map(({ y }) => y))) as Constant,
}

const train = async (options: CompileStepOptions) => {
  await using program = await compileStepOrThrow(step, initialState(), batches[0] as Batch, { ...options, threads: 1 })
  for (const batch of options.stepsPerRun === undefined ? batches : [stacked]) await program.runOrThrow(batch)
  return { state: await program.stateOrThrow(), lines: program.explain().split('\n').length, bytes: program.model.length }
}

const forms: readonly CompileStepOptions[] = [{}, { fuse: 'off' }, { stepsPerRun: batches.length }]

test.each(compilerPasses)('training without %s gives the same numbers', async (pass) => {
  for (const form of forms) {
    const whole = await train(form)
    const without = await train({ ...form, passes: compilerPasses.filter((name) => name !== pass) })
    expectAgreement(without.state, whole.state, 1e-5)
    expect(without.lines).toBeGreaterThanOrEqual(whole.lines)
  }
})

test('packing is a pass that can be left out', async () => {
  const passes = compilerPasses.filter((name) => name !== 'packing')
  const loop = { stepsPerRun: batches.length }
  expect((await train({ ...loop, passes })).bytes).not.toBe((await train(loop)).bytes)
})
