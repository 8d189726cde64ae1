import { describe, expect, it } from 'vitest'
import { sgd, exponentialDecay, adam } from '@grad-ts/optim'
import { add, mul, scalar, tensor, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { earlyStopping, fitOrThrow, fromColumns, reduceOnPlateau, resetOnSaturation } from '../../src/index.ts'
import type { Action, EpochRecord, Policy } from '../../src/index.ts'

const epochWith = (epoch: number, loss: number): EpochRecord => ({ epoch, step: epoch, loss, metrics: {}, seconds: 1, examples: 1 })

/** Shows losses to a policy, epoch by epoch. */
const watch = ({ start, react }: Policy, losses: readonly number[]): (readonly Action[])[] => {
  let memory = start
  return losses.map((loss, i) => {
    const reaction = react(memory, { tag: 'epoch', record: epochWith(i + 1, loss) })
    memory = JSON.parse(JSON.stringify(reaction.memory)) as typeof memory
    return reaction.actions
  })
}

const tagsOf = (actions: readonly (readonly Action[])[]): string[] => actions.map((each) => each.map(({ tag }) => tag).join('+'))

describe('earlyStopping', () => {
  it('keeps the best and stops when patience is over', () => {
    const actions = watch(earlyStopping({ monitor: 'loss', patience: 1 }), [3, 2, 2.5, 1, 1, 1.5])
    expect(tagsOf(actions)).toEqual(['keepBest', 'keepBest', '', 'keepBest', '', 'stop'])
    expect(actions.at(-1)?.[0]).toMatchObject({ reason: { tag: 'earlyStopping', best: 1, bestEpoch: 4 } })
  })

  it('wants improvements larger than minDelta, and takes NaN for none', () =>
    expect(tagsOf(watch(earlyStopping({ monitor: 'loss', patience: 1, minDelta: 0.5 }), [3, 2.6, NaN]))).toEqual(['keepBest', '', 'stop']))

  it('puts the best parameters back', async () => {
    const run = await fitOrThrow({
      params: scalar(0),
      loss: (p: Tensor, { v }: { v: Tensor }) => mul(v, p),
      data: fromColumns({ v: tensor([-1]) }),
      solver: sgd({ learningRate: 1 }),
      epochs: 10,
      device: 'interpreter',
      policies: [earlyStopping({ monitor: 'loss', mode: 'max', patience: 2 })],
    })
    // Loss −p falls from the start, so the first epoch is the best; its parameters are those after one step.
    expect(run.history.epochs.length).toBe(4)
    expect(run.stopped.tag).toBe('earlyStopping')
    expect(toNumber(run.params)).toBe(1)
  })
})

describe('reduceOnPlateau', () => {
  it('multiplies by the factor down to the bound', () => {
    const actions = watch(reduceOnPlateau({ monitor: 'loss', patience: 0, factor: 0.5, minScale: 0.25 }), [1, 1, 1, 1, 0.5])
    expect(actions.flat().map((action) => (action as { readonly scale: number }).scale)).toEqual([0.5, 0.25])
  })

  it('changes the updates of a run', async () => {
    const run = await fitOrThrow({
      params: scalar(0),
      loss: (p: Tensor, { v }: { v: Tensor }) => add(mul(v, p), mul(p, -1)),
      data: fromColumns({ v: tensor([0]) }),
      solver: sgd({ learningRate: 1 }),
      epochs: 3,
      device: 'interpreter',
      policies: [reduceOnPlateau({ monitor: 'loss', mode: 'max', patience: 0, factor: 0.5 })],
    })
    // The loss falls, which is no improvement here: steps 1, 1, 0.5.
    expect(toNumber(run.params)).toBeCloseTo(2.5, 6)
    expect(run.history.steps.learningRate).toEqual([1, 1, 0.5])
  })
})

describe('resetOnSaturation', () => {
  const settings = {
    params: scalar(0),
    loss: (p: Tensor, { v }: { v: Tensor }) => add(mul(v, p), mul(p, -1)),
    data: fromColumns({ v: tensor([0]) }),
    epochs: 4,
    device: 'interpreter',
    policies: [resetOnSaturation({ monitor: 'loss', mode: 'max', patience: 1 })],
  } as const
  const learningRate = exponentialDecay({ initValue: 0.1, transitionSteps: 1, decayRate: 0.5 })

  it('starts the schedule again', async () => {
    const run = await fitOrThrow({ ...settings, solver: adam({ learningRate }) })
    expect(run.history.steps.learningRate.map((rate) => Math.round(rate * 1e6) / 1e6)).toEqual([0.1, 0.05, 0.025, 0.1])
  })

  it('leaves the moments alone, or not, as asked', async () => {
    const solver = adam({ learningRate })
    const kept = await fitOrThrow({ ...settings, solver })
    const reset = await fitOrThrow({
      ...settings,
      solver,
      policies: [resetOnSaturation({ monitor: 'loss', mode: 'max', patience: 1, moments: 'reset' })],
    })
    const moments = (run: { readonly state: { readonly solver: unknown } }): string => JSON.stringify(run.state.solver)
    expect(moments(kept)).not.toEqual(moments(reset))
    // A constant gradient of −1: Adam's step is the learning rate either way, so the parameters agree.
    expect(toNumber(kept.params)).toBeCloseTo(toNumber(reset.params), 4)
  })

  it('does so only so many times', () =>
    expect(tagsOf(watch(resetOnSaturation({ monitor: 'loss', patience: 0, times: 1 }), [1, 1, 1, 1]))).toEqual([
      '',
      'restartSolver',
      '',
      '',
    ]))
})
