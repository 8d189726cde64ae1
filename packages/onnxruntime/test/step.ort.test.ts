import { expect, test } from 'vitest'
import { map, sameStructure } from '@grad-ts/tree'
import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import { evaluate, interpret, stack, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'
import { batchOf, initialState, step } from './models.ts'
import type { Batch, State } from './models.ts'

const steps = 200
const batches = Array.from({ length: steps }, (_, i) => batchOf(i % 20))
const stacked = (list: readonly Batch[]): Batch => ({
  x: evaluate(stack(list.map(({ x }) => x))) as Constant,
  y: evaluate(stack(list.map(({ y }) => y))) as Constant,
})

const interpreted = (): { state: State; losses: number[] } => {
  const run = interpret(step)
  let state = initialState()
  const losses = batches.map((batch) => {
    const [next, { loss }] = run(state, batch) as unknown as readonly [State, { loss: Constant }]
    state = next
    return loss.attributes.data[0] as number
  })
  return { state, losses }
}

const reference = interpreted()

test('training goes down in the interpreter', () => {
  expect(reference.losses.at(-1)).toBeLessThan(0.5 * (reference.losses[0] as number))
})

test('one step per run gives the numbers of the interpreter after 200 steps', async () => {
  await using program = await compileStepOrThrow(step, initialState(), batches[0] as Batch, { threads: 1 })
  const losses: Constant[] = []
  for (const batch of batches) losses.push((await program.runOrThrow(batch)).loss as Constant)
  expectAgreement(await program.stateOrThrow(), reference.state as never, 1e-5)
  losses.forEach((loss, i) => expect(loss.attributes.data[0]).toBeCloseTo(reference.losses[i] as number, 5))
})

test('steps in a loop inside the runtime give the numbers of single steps after 200 steps', async () => {
  await using single = await compileStepOrThrow(step, initialState(), batches[0] as Batch, { threads: 1 })
  await using looped = await compileStepOrThrow(step, initialState(), batches[0] as Batch, { threads: 1, stepsPerRun: 50 })
  const losses: unknown[] = []
  for (const batch of batches) losses.push(toArray((await single.runOrThrow(batch)).loss as Constant))
  const loopLosses: unknown[] = []
  for (let i = 0; i < steps; i += 50)
    loopLosses.push(...(toArray((await looped.runOrThrow(stacked(batches.slice(i, i + 50)))).loss as Constant) as unknown[]))
  expectAgreement(await looped.stateOrThrow(), await single.stateOrThrow(), 1e-6)
  losses.forEach((loss, i) => expect(loopLosses[i]).toBeCloseTo(loss as number, 6))
})

test('the state can be read, replaced and read again', async () => {
  await using program = await compileStepOrThrow(step, initialState(1), batches[0] as Batch)
  const first = await program.runOrThrow(batches[0] as Batch)
  const after = await program.stateOrThrow()
  await program.runOrThrow(batches[1] as Batch)
  await program.setStateOrThrow(initialState(1))
  expect(sameStructure(await program.stateOrThrow(), initialState(1))).toBe(true)
  expectAgreement(await program.runOrThrow(batches[0] as Batch), first, 0)
  expectAgreement(await program.stateOrThrow(), after, 0)
})

test('what was read stays as it was while the training goes on', async () => {
  await using program = await compileStepOrThrow(step, initialState(), batches[0] as Batch)
  await program.runOrThrow(batches[0] as Batch)
  const read = await program.stateOrThrow()
  const copy = map(toArray as (leaf: Tensor) => unknown, read as never)
  await program.runOrThrow(batches[1] as Batch)
  expect(map(toArray as (leaf: Tensor) => unknown, read as never)).toEqual(copy)
})
