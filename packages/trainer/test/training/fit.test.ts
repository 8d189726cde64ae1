import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaves } from '@grad-ts/tree'
import { dense, dropout, meanSquaredError, sequential } from '@grad-ts/nn'
import { adam, exponentialDecay, sgd } from '@grad-ts/optim'
import { add, key, mean, mul, ones, scalar, square, sub, sum, tensor, toNumber, where, equal } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { earlyStopping, fit, fitOrThrow, fromColumns, fromIterable, policy, trainEvents } from '../../src/index.ts'
import type { TrainEvent } from '../../src/index.ts'
import { evenRuns } from '../../src/training/plan.ts'
import { linearData, numbersOf, smallModel } from './problems.ts'

const device = 'interpreter'
const base = { model: smallModel, loss: meanSquaredError, device } as const

const paramsOf = (run: { readonly params: unknown }): number[] => leaves<Tensor>(run.params as never).flatMap(numbersOf)

const close = (left: readonly number[], right: readonly number[], tolerance = 1e-6): void => {
  expect(left.length).toBe(right.length)
  left.forEach((value, i) => expect(Math.abs(value - (right[i] as number))).toBeLessThan(tolerance))
}

describe('fit', () => {
  it('gives the same run for the same seed and another for another', async () => {
    const run = (seed: number) =>
      fitOrThrow({ ...base, data: linearData(20), solver: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 6, seed })
    expect((await run(1)).loss).toEqual((await run(1)).loss)
    expect((await run(1)).loss).not.toEqual((await run(2)).loss)
  })

  it('counts every example once, however the data are cut into batches', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), async (size, batchSize, streamed) => {
        const rows = Array.from({ length: size }, (_, i) => i + 1)
        const data = streamed ? fromIterable(() => rows.map((v) => ({ v: scalar(v) })), size) : fromColumns({ v: tensor(rows) })
        // With a learning rate of 0 the epoch's loss is the mean over the data.
        const run = await fitOrThrow({
          params: scalar(0),
          loss: (p, { v }) => add(v, p),
          data,
          solver: sgd({ learningRate: 0 }),
          epochs: 1,
          batchSize,
          device,
        })
        expect(run.history.epochs[0]?.loss).toBeCloseTo((size + 1) / 2, 5)
        expect(run.history.epochs[0]?.examples).toBe(size)
        expect(run.loss.length).toBe(Math.ceil(size / batchSize))
      }),
      { numRuns: 25 },
    ))

  it('does not let padding touch the gradient, not even of a scalar loss', async () => {
    const rows = fromColumns({ v: tensor([1, 2, 3, 4, 5]) })
    const settings = {
      params: scalar(0),
      data: rows,
      solver: sgd({ learningRate: 0.1 }),
      epochs: 1,
      batchSize: 3,
      shuffle: false,
      device,
    } as const
    const each = await fitOrThrow({ ...settings, loss: (p: Tensor, { v }: { v: Tensor }) => square(sub(p, v)) })
    const whole = await fitOrThrow({ ...settings, loss: (p: Tensor, { v }: { v: Tensor }) => mean(square(sub(p, v))) })
    // p = 0 → 0.2·mean(1, 2, 3) = 0.4 → 0.4 + 0.2·(mean(4, 5) − 0.4) = 1.22
    expect(toNumber(each.params)).toBeCloseTo(1.22, 5)
    expect(toNumber(whole.params)).toBeCloseTo(1.22, 5)
  })

  it('takes the same steps in one run of the program and in several', async () => {
    const run = (stepsPerRun: number) =>
      fitOrThrow({
        ...base,
        data: linearData(33),
        solver: adam({ learningRate: 0.01 }),
        epochs: 3,
        batchSize: 4,
        stepsPerRun,
        device: 'cpu',
      })
    const [one, many] = [await run(1), await run(4)]
    close(many.loss, one.loss)
    close(paramsOf(many), paramsOf(one))
  })

  it('accumulates to the step of the large batch, whatever the weights of the parts', async () => {
    const data = linearData(22)
    const weights = ({ y }: { readonly y: Tensor }) => sum(add(square(y), 0.1), { axes: 1 })
    const run = (batchSize: number, accumulate: number) =>
      fitOrThrow({ ...base, data, weights, solver: adam({ learningRate: 0.01 }), epochs: 2, batchSize, accumulate, shuffle: false, device })
    const [large, parts] = [await run(12, 1), await run(3, 4)]
    expect(parts.loss.length).toBe(large.loss.length)
    close(parts.loss, large.loss, 1e-5)
    close(paramsOf(parts), paramsOf(large), 1e-5)
  })

  it('weighs examples', async () => {
    const data = fromColumns({ v: tensor([1, 10]) })
    const weights = ({ v }: { readonly v: Tensor }) => where(equal(v, 10), 3, 1)
    const run = await fitOrThrow({
      params: scalar(0),
      loss: (p, { v }) => add(v, p),
      weights,
      data,
      solver: sgd({ learningRate: 0 }),
      epochs: 1,
      device,
    })
    expect(run.history.epochs[0]?.loss).toBeCloseTo((1 + 3 * 10) / 4, 5)
  })

  it('adds a penalty to the gradient and not to the reported loss', async () => {
    const data = fromColumns({ v: tensor([0, 0]) })
    const run = await fitOrThrow({
      params: scalar(2),
      loss: (p, { v }) => mul(v, p),
      penalty: (p) => square(p),
      data,
      solver: sgd({ learningRate: 0.1 }),
      steps: 1,
      device,
    })
    expect(toNumber(run.params)).toBeCloseTo(1.6, 5)
    expect(run.loss).toEqual([0])
  })

  it('freezes parameters by pattern', async () => {
    const start = smallModel.init(key(7))
    const run = await fitOrThrow({
      ...base,
      params: start,
      data: linearData(20),
      freeze: ['hidden.**'],
      solver: adam({ learningRate: 0.1 }),
      epochs: 1,
      device,
    })
    expect(numbersOf(run.params.hidden.kernel)).toEqual(
      numbersOf(
        (await fitOrThrow({ ...base, params: start, data: linearData(20), solver: sgd({ learningRate: 0 }), epochs: 1 })).params.hidden
          .kernel,
      ),
    )
    expect(numbersOf(run.params.out.bias as Tensor)).not.toEqual([0])
  })

  it('averages the parameters', async () => {
    const data = fromColumns({ v: tensor([1]) })
    const settings = {
      params: scalar(0),
      loss: (p: Tensor, { v }: { v: Tensor }) => mul(v, p),
      data,
      solver: sgd({ learningRate: 1 }),
      steps: 2,
      device,
    } as const
    const run = await fitOrThrow({ ...settings, average: { decay: 0.5 } })
    // Parameters −1, −2; average 0 → −0.5 → −1.25.
    expect(toNumber(run.state.params)).toBeCloseTo(-2, 6)
    expect(toNumber(run.params)).toBeCloseTo(-1.25, 6)
  })

  it('draws new dropout at every step and none in validation', async () => {
    const model = sequential(dense({ in: 3, out: 50, useBias: false }), dropout({ rate: 0.5 }))
    const data = fromColumns({ x: ones([4, 3]) as never, y: tensor(new Float32Array(200), { shape: [4, 50] }) })
    const run = await fitOrThrow({
      model,
      loss: meanSquaredError,
      data,
      validation: { data },
      solver: sgd({ learningRate: 0 }),
      epochs: 3,
      device,
    })
    expect(new Set(run.loss).size).toBe(3)
    expect(new Set(run.history.epochs.map(({ validation }) => validation?.loss)).size).toBe(1)
  })

  it('reads the learning rate of every update', async () => {
    const learningRate = exponentialDecay({ initValue: 0.1, transitionSteps: 1, decayRate: 0.5 })
    const run = await fitOrThrow({ ...base, data: linearData(9), solver: adam({ learningRate }), epochs: 1, batchSize: 3 })
    close(run.history.steps.learningRate, [0.1, 0.05, 0.025])
  })

  it('takes the solver as JSON, and checks it', async () => {
    const settings = { ...base, data: linearData(9), epochs: 2, batchSize: 3 }
    const spec = JSON.parse('{ "adam": { "learningRate": 0.03, "b1": 0.8 } }') as Record<string, unknown>
    const [fromSpec, fromCode] = [
      await fitOrThrow({ ...settings, solver: spec }),
      await fitOrThrow({ ...settings, solver: adam({ learningRate: 0.03, b1: 0.8 }) }),
    ]
    expect(fromSpec.loss).toEqual(fromCode.loss)
    expect(fromSpec.history.steps.learningRate[0]).toBeCloseTo(0.03, 7)
    const wrong = await fit({ ...settings, solver: { adam: { learningRate: 'high' } } })()
    expect(wrong._tag === 'Left' && wrong.left).toMatchObject({ tag: 'SpecError', path: expect.stringContaining('learningRate') as string })
  })

  it('stops after the wanted number of updates', async () => {
    const run = await fitOrThrow({ ...base, data: linearData(20), solver: sgd({ learningRate: 0.1 }), steps: 7, batchSize: 4 })
    expect(run.loss.length).toBe(7)
    expect(run.history.epochs.map(({ step }) => step)).toEqual([5, 7])
  })
})

describe('the errors of fit', () => {
  const failure = async (settings: Parameters<typeof fit>[0]): Promise<unknown> => {
    const result = await fit(settings)()
    return result._tag === 'Left' ? result.left : 'it succeeded'
  }

  it('names step and parameters when the loss is not finite', async () => {
    const data = fromColumns({ v: tensor([1, 1, Infinity, 1]) })
    const params = { calm: scalar(0), wild: scalar(1) }
    const loss = (p: typeof params, { v }: { v: Tensor }) => add(mul(v, p.wild), p.calm)
    const error = await failure({
      params,
      loss,
      data,
      solver: sgd({ learningRate: 0.1 }),
      epochs: 1,
      batchSize: 1,
      shuffle: false,
      device,
    } as never)
    expect(error).toMatchObject({ tag: 'NonFiniteError', step: 3, parameters: ['wild'] })
  })

  it('stops between two updates when the signal aborts', async () => {
    const controller = new AbortController()
    const observers = [(event: TrainEvent) => void (event.tag === 'step' && event.step === 3 && controller.abort('SIGINT'))]
    const error = await failure({
      ...base,
      data: linearData(20),
      solver: sgd({ learningRate: 0.1 }),
      epochs: 9,
      batchSize: 2,
      stepsPerRun: 1,
      signal: controller.signal,
      observers,
    } as never)
    expect(error).toMatchObject({ tag: 'InterruptedError', signal: 'SIGINT', step: 3, exitCode: 130 })
  })

  it('answers with the shape error of the model', async () => {
    const data = fromColumns({ x: tensor([[1, 2]]), y: tensor([[1]]) })
    expect(await failure({ ...base, data, solver: sgd({ learningRate: 0.1 }), epochs: 1 } as never)).toMatchObject({
      tag: 'ShapeError',
      op: 'dense',
    })
  })

  it('refuses settings out of range, and no data', async () => {
    const data = linearData(4)
    const solver = sgd({ learningRate: 0.1 })
    expect(await failure({ ...base, data, solver, epochs: 0 } as never)).toMatchObject({ tag: 'SettingsError', path: 'epochs' })
    expect(await failure({ ...base, data, solver, epochs: 1, batchSize: 1.5 } as never)).toMatchObject({
      tag: 'SettingsError',
      path: 'batchSize',
    })
    expect(await failure({ ...base, data: fromIterable(() => []), solver, epochs: 1 } as never)).toMatchObject({
      tag: 'SettingsError',
      path: 'data',
    })
  })

  it('refuses settings that contradict each other, for callers without types', async () => {
    const plain = { ...base, data: linearData(4), solver: sgd({ learningRate: 0.1 }) }
    const messageOf = async (settings: object): Promise<unknown> => ((await failure({ ...plain, ...settings } as never)) as Error).message
    const best = earlyStopping({ monitor: 'validation.loss' })
    const folder = '/nowhere'
    expect(await messageOf({})).toBe('epochs: expected either epochs or steps, got neither')
    expect(await messageOf({ epochs: 1, steps: 1 })).toBe('steps: expected either epochs or steps, got both')
    expect(await messageOf({ epochs: 1, policies: [best] })).toBe(
      "policies.0.earlyStopping.monitor: expected validation data, of which 'validation.loss' is measured, got none",
    )
    expect(await messageOf({ epochs: 1, policies: [earlyStopping({ monitor: 'metrics.acuracy' })] })).toBe(
      "policies.0.earlyStopping.monitor: expected one of the metrics (there are none), got 'acuracy'",
    )
    expect(await messageOf({ epochs: 1, checkpoint: { folder, keepBest: { monitor: 'validation.loss' } } })).toBe(
      "checkpoint.keepBest.monitor: expected validation data, of which 'validation.loss' is measured, got none",
    )
    expect(await messageOf({ epochs: 1, checkpoint: { folder, resume: 'latest', overwrite: true } })).toBe(
      'checkpoint.overwrite: expected either resume or overwrite, got both',
    )
    expect(await messageOf({ epochs: 1, average: { decay: 1 } })).toBe('average.decay: expected a number from 0 to below 1, got 1')
  })
})

describe('events', () => {
  it('come in order', async () => {
    const tags: string[] = []
    for await (const { tag } of trainEvents({
      ...base,
      data: linearData(8),
      validation: { data: linearData(4) },
      solver: sgd({ learningRate: 0.1 }),
      epochs: 2,
      batchSize: 4,
    }))
      tags.push(tag)
    expect(tags).toEqual(['started', 'step', 'step', 'evaluation', 'epoch', 'step', 'step', 'evaluation', 'epoch', 'stopped'])
  })

  it('end when the consumer leaves', async () => {
    let seen = 0
    for await (const event of trainEvents({ ...base, data: linearData(8), solver: sgd({ learningRate: 0.1 }), epochs: 1000 }))
      if (event.tag === 'step' && ++seen === 5) break
    expect(seen).toBe(5)
  })

  it('tell observers how a run ended that did not come to its end', async () => {
    const ends: TrainEvent[] = []
    const observers = [(event: TrainEvent) => void ((event.tag === 'failed' || event.tag === 'stopped') && ends.push(event))]
    const settings = { ...base, data: linearData(8), epochs: 9, observers }
    await fit({ ...settings, solver: sgd({ learningRate: 1e30 }) })()
    for await (const event of trainEvents({ ...settings, solver: sgd({ learningRate: 0.1 }) })) if (event.tag === 'step') break
    expect(ends.map(({ tag }) => tag)).toEqual(['failed', 'stopped'])
    expect(ends[0]).toMatchObject({ message: expect.stringMatching(/the loss is/) as string })
    expect(ends[1]).toMatchObject({ step: 1, reason: { tag: 'asked' } })
  })

  it('reach policies, which act', async () => {
    const stopAtThird = policy({
      name: 'third',
      needs: 'nothing',
      start: 0,
      react: (count: number, event) => ({
        memory: event.tag === 'step' ? count + 1 : count,
        actions: event.tag === 'step' && count === 2 ? [{ tag: 'stop', reason: { tag: 'asked', by: 'third' } }] : [],
      }),
    })
    const run = await fitOrThrow({
      ...base,
      data: linearData(8),
      solver: sgd({ learningRate: 0.1 }),
      epochs: 9,
      batchSize: 2,
      stepsPerRun: 1,
      policies: [stopAtThird],
    })
    expect(run.loss.length).toBe(3)
    expect(run.stopped).toEqual({ tag: 'asked', by: 'third' })
  })
})

describe('onNonFinite', () => {
  const data = fromColumns({ v: tensor([1, 1, Infinity, 1]) })
  const settings = {
    params: scalar(0),
    loss: (p: Tensor, { v }: { v: Tensor }) => mul(v, add(p, 1)),
    data,
    solver: sgd({ learningRate: 0.1 }),
    batchSize: 1,
    shuffle: false,
    device,
    onNonFinite: 'skip',
  } as const

  it('leaves an update out, and its batch out of the mean', async () => {
    const events: TrainEvent[] = []
    const run = await fitOrThrow({ ...settings, epochs: 1, observers: [(event) => void events.push(event)] })
    expect(toNumber(run.params)).toBeCloseTo(-0.3, 6)
    expect(events.flatMap((event) => (event.tag === 'step' ? [event.skipped ?? false] : []))).toEqual([false, false, true, false])
    expect(run.history.epochs[0]?.loss).toBeCloseTo((1 + 0.9 + 0.8) / 3, 6)
  })

  it('ends a run that only skips', async () => {
    const broken = fromColumns({ v: tensor(Array.from({ length: 20 }, () => NaN)) })
    await expect(fitOrThrow({ ...settings, data: broken, epochs: 1 })).rejects.toMatchObject({ tag: 'NonFiniteError', step: 20 })
  })
})

describe('the runs of an epoch', () => {
  it('are as few as the bound allows, and even where they can be', () => {
    expect(evenRuns(100, 50)).toBe(50)
    expect(evenRuns(101, 50)).toBe(34)
    expect(evenRuns(7, 50)).toBe(7)
    expect(evenRuns(7, 1)).toBe(1)
    expect(evenRuns(undefined, 50)).toBe(50)
  })
})
