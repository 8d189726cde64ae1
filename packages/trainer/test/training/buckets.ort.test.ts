import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lambda } from '@grad-ts/nn'
import { adam, sgd } from '@grad-ts/optim'
import { add, cast, key, mean, mul, notEqual, permutation, scalar, square, sub, sum, tensor, evaluate } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fit, fitOrThrow, fromSequences, padToBuckets, predictOrThrow } from '../../src/index.ts'

type Sequence = { readonly x: Constant }

const lengths = [...(evaluate(permutation(key(4), 54)) as Constant).attributes.data].map((number) => 1 + (number % 11))
const data = padToBuckets(
  [4, 8, 12],
  fromSequences(lengths, (length): Sequence => ({ x: tensor(new Float32Array(length).fill(length)) })),
)

let traces = 0
const settings = {
  params: { level: scalar(0) },
  // One value per step of time; steps that only fill up have weight 0.
  loss: ({ level }: { readonly level: Tensor }, { x }: { readonly x: Tensor }) => {
    traces += 1
    return square(sub(x, level))
  },
  weights: ({ x }: { readonly x: Tensor }) => cast(notEqual(x, 0), 'float32'),
  data,
  batchSize: 3,
  worker: false,
} as const

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'buckets-'))
})
afterAll(() => rm(folder, { recursive: true }))

const steps = lengths.reduce((total, length) => total + length, 0)
const meanOver = (value: (length: number) => number): number => lengths.reduce((total, length) => total + length * value(length), 0) / steps

describe('training on buckets', () => {
  it.each([1, 3])('counts every step of time once, with %i parts an update', async (accumulate) => {
    const run = await fitOrThrow({ ...settings, accumulate, solver: sgd({ learningRate: 0 }), epochs: 2 })
    for (const { loss, examples } of run.history.epochs) {
      expect(loss).toBeCloseTo(
        meanOver((length) => length ** 2),
        3,
      )
      expect(examples).toBe(lengths.length)
    }
  })

  it('compiles a few programs, once', async () => {
    const after = async (epochs: number): Promise<number> => {
      traces = 0
      await fitOrThrow({ ...settings, solver: sgd({ learningRate: 0.01 }), epochs })
      return traces
    }
    const one = await after(1)
    // The plan traces once; each bucket has a program for full turns and one for its last batches.
    expect(one).toBeLessThanOrEqual(1 + 2 * 3)
    expect(await after(4)).toBe(one)
  })

  it('takes the same steps in one run of the program and in several', async () => {
    const run = (stepsPerRun: number) => fitOrThrow({ ...settings, solver: adam({ learningRate: 0.1 }), epochs: 2, stepsPerRun })
    const [single, several] = [await run(1), await run(4)]
    single.loss.forEach((loss, i) => expect(several.loss[i]).toBeCloseTo(loss, 4))
  })

  it('goes on inside an epoch to the same bits', async () => {
    const whole = await fitOrThrow({ ...settings, accumulate: 2, solver: adam({ learningRate: 0.1 }), epochs: 3 })
    const checkpoint = { folder, everySteps: 1, resume: 'latest' } as const
    const controller = new AbortController()
    const stop = fit({
      ...settings,
      accumulate: 2,
      solver: adam({ learningRate: 0.1 }),
      epochs: 3,
      checkpoint,
      signal: controller.signal,
      observers: [(event) => void (event.tag === 'step' && event.step === 15 && controller.abort('SIGTERM'))],
    })
    expect((await stop())._tag).toBe('Left')
    const resumed = await fitOrThrow({ ...settings, accumulate: 2, solver: adam({ learningRate: 0.1 }), epochs: 3, checkpoint })
    expect(resumed.loss).toEqual(whole.loss)
    expect(JSON.stringify(resumed.state)).toBe(JSON.stringify(whole.state))
  })
})

describe('using a model on buckets', () => {
  const total = lambda((x: Tensor) => sum(x, { axes: 1 }))

  it('predicts in the order of the inputs', async () => {
    const inputs = padToBuckets(
      [4, 8, 12],
      fromSequences(lengths, (length) => tensor(new Float32Array(length).fill(1))),
    )
    const outputs = await predictOrThrow({ model: total, params: null, inputs, batchSize: 5, worker: false })
    expect([...outputs.attributes.data]).toEqual(lengths)
  })

  it('says what is wrong when outputs differ in shape', async () => {
    const inputs = padToBuckets(
      [4, 12],
      fromSequences(lengths, (length) => tensor(new Float32Array(length).fill(1))),
    )
    await expect(
      predictOrThrow({ model: lambda((x: Tensor) => mul(x, 2)), params: null, inputs, device: 'interpreter' }),
    ).rejects.toMatchObject({
      tag: 'SettingsError',
      path: 'inputs',
    })
  })

  it('measures exactly', async () => {
    const pairs = padToBuckets(
      [4, 8, 12],
      fromSequences(lengths, (length) => ({ x: tensor(new Float32Array(length).fill(1)), y: scalar(0) })),
      { fill: { x: 0 } },
    )
    const loss = (outputs: Tensor, targets: Tensor) => sub(outputs, targets)
    const found = await evaluateOrThrow({ model: total, params: null, loss, data: pairs, batchSize: 7, worker: false })
    expect(found.loss).toBeCloseTo(steps / lengths.length, 4)
  })

  it('refuses parts of an update for a loss that is a scalar', async () => {
    const result = await fit({
      ...settings,
      weights: ({ x }: { readonly x: Tensor }) => add(mul(mean(x, { axes: 1 }), 0), 1),
      loss: ({ level }: { readonly level: Tensor }, { x }: { readonly x: Tensor }) => mean(square(sub(x, level))),
      accumulate: 2,
      solver: sgd({ learningRate: 0 }),
      epochs: 1,
    })()
    expect(result._tag === 'Left' && result.left).toMatchObject({ tag: 'SettingsError', path: 'loss' })
  })
})
