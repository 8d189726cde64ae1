import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accuracy, confusionMatrix, lambda, mean as meanMetric, meanSquaredError, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { add, gather, scalar, square, sub, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fit, fitOrThrow, fromColumns, fromIterable } from '../../src/index.ts'

const device = 'interpreter'
// The outputs are the inputs, so that every figure can be worked out by hand.
const model = lambda((x: Tensor) => x)
const classWeights = tensor([1, 3])

const cases = fc.record({
  examples: fc.array(fc.record({ x: fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })), y: fc.nat(1) }), {
    minLength: 1,
    maxLength: 20,
  }),
  batchSize: fc.integer({ min: 1, max: 8 }),
  streamed: fc.boolean(),
})

type Cases = readonly { readonly x: readonly [number, number]; readonly y: number }[]

const dataOf = (examples: Cases, streamed: boolean) => {
  const rows = examples.map(({ x, y }) => ({ x: tensor(x), y: scalar(y, 'int32') }))
  return streamed
    ? fromIterable(() => rows)
    : fromColumns({ x: tensor(examples.map(({ x }) => x)), y: tensor(Int32Array.from(examples, ({ y }) => y)) })
}

const weightOf = ({ y }: { readonly y: number }): number => (y === 1 ? 3 : 1)
const lossOf = ({ x, y }: { readonly x: readonly [number, number]; readonly y: number }): number =>
  Math.log(Math.exp(x[0]) + Math.exp(x[1])) - (x[y] as number)
const isRight = ({ x, y }: { readonly x: readonly [number, number]; readonly y: number }): boolean => (x[1] > x[0] ? 1 : 0) === y
const ratio = (examples: Cases, value: (example: Cases[number]) => number, weight: (example: Cases[number]) => number): number =>
  examples.reduce((sum, each) => sum + weight(each) * value(each), 0) / examples.reduce((sum, each) => sum + weight(each), 0)

describe('evaluate', () => {
  it('is exact, with weights of classes, whatever the batches', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ examples, batchSize, streamed }) => {
        const found = await evaluateOrThrow({
          model,
          params: null,
          loss: softmaxCrossEntropyWithIntegerLabels,
          metrics: { plain: accuracy(), confusion: confusionMatrix({ classes: 2 }) },
          weightedMetrics: { weighted: accuracy(), weightedConfusion: confusionMatrix({ classes: 2 }) },
          weights: ({ y }) => gather(classWeights, y),
          data: dataOf(examples, streamed),
          batchSize,
          device,
        })
        const right = (example: Cases[number]) => Number(isRight(example))
        expect(found.loss).toBeCloseTo(ratio(examples, lossOf, weightOf), 4)
        expect(found.metrics).toEqual({
          plain: expect.closeTo(
            ratio(examples, right, () => 1),
            5,
          ) as number,
          weighted: expect.closeTo(ratio(examples, right, weightOf), 5) as number,
        })
        const counts = (weight: (example: Cases[number]) => number) =>
          [0, 1].flatMap((truth) =>
            [0, 1].map((guess) =>
              examples.filter(({ x, y }) => y === truth && Number(x[1] > x[0]) === guess).reduce((sum, each) => sum + weight(each), 0),
            ),
          )
        expect([...(found.arrays['confusion']?.attributes.data ?? [])]).toEqual(counts(() => 1))
        expect([...(found.arrays['weightedConfusion']?.attributes.data ?? [])]).toEqual(counts(weightOf))
      }),
      { numRuns: 25 },
    ))

  it('measures the loss of parameters without a model', async () => {
    const data = fromColumns({ v: tensor([1, 2, 6]) })
    const loss = (p: Tensor, { v }: { readonly v: Tensor }) => square(sub(v, p))
    expect((await evaluateOrThrow({ params: scalar(2), loss, data, batchSize: 2, device })).loss).toBeCloseTo((1 + 0 + 16) / 3, 5)
  })

  it('is what validation reports, with the averaged parameters', async () => {
    const data = fromColumns({ x: tensor([[1], [2]]), y: tensor([[0], [0]]) })
    const shift = {
      ...lambda((x: Tensor) => x),
      init: () => ({ by: scalar(0) }),
      apply: ({ by }: { readonly by: Tensor }, x: Tensor) => add(x, by),
      applyWithState: ({ by }: { readonly by: Tensor }, state: null, x: Tensor) => [add(x, by), state] as const,
    }
    const task = {
      model: shift,
      loss: (a: Tensor, b: Tensor) => square(sub(a, b)),
      metrics: { output: meanMetric() },
      data,
      device,
    } as const
    const run = await fitOrThrow({ ...task, validation: { data }, solver: sgd({ learningRate: 0.25 }), steps: 1, average: { decay: 0.5 } })
    const averaged = await evaluateOrThrow({ ...task, params: run.params })
    const last = await evaluateOrThrow({ ...task, params: run.state.params })
    expect(run.history.epochs[0]?.validation).toEqual({ loss: averaged.loss, metrics: averaged.metrics })
    expect(averaged.loss).not.toBe(last.loss)
  })

  it('smooths labels in training and not in metrics', async () => {
    const data = fromColumns({ x: tensor([[2, 0]]), y: tensor([0], { dtype: 'int32' }) })
    const loss = (x: Tensor, y: Tensor, options: object) => softmaxCrossEntropyWithIntegerLabels(x, y, { ...options, labelSmoothing: 0.2 })
    const found = await evaluateOrThrow({ model, params: null, loss, metrics: { accuracy: accuracy() }, data, device })
    const [right, wrong] = [Math.log(1 + Math.exp(-2)), Math.log(1 + Math.exp(2))]
    expect(found.loss).toBeCloseTo(0.9 * right + 0.1 * wrong, 5)
    expect(found.metrics['accuracy']).toBe(1)
  })

  it('refuses two metrics of one name', async () => {
    const data = fromColumns({ x: tensor([[1, 2]]), y: tensor([0], { dtype: 'int32' }) })
    const twice = { metrics: { accuracy: accuracy() }, weightedMetrics: { accuracy: accuracy() } }
    const result = await fit({
      model,
      loss: softmaxCrossEntropyWithIntegerLabels,
      ...twice,
      data,
      solver: sgd({ learningRate: 1 }),
      epochs: 1,
      device,
    })()
    expect(result._tag === 'Left' && result.left).toMatchObject({ tag: 'SettingsError', path: 'weightedMetrics.accuracy' })
  })

  it('says why weights do not fit a loss that has averaged', async () => {
    const data = fromColumns({ x: tensor([[1, 2]]), y: tensor([[1, 0]]) })
    const weights = ({ y }: { readonly y: Tensor }) => y
    const result = await fit({ model, loss: meanSquaredError, weights, data, solver: sgd({ learningRate: 1 }), epochs: 1, device })()
    expect(result._tag === 'Left' && result.left.message).toMatch('which has averaged over the others; use a loss per element')
  })
})
