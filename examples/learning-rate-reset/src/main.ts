// What a reset of the learning rate is worth: the same network, data and decaying schedule twice, once with a reset whenever progress saturates.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { accuracy, dense, sequential, softmaxCrossEntropyWithIntegerLabels, tanh } from '@grad-ts/nn'
import { adam, exponentialDecay } from '@grad-ts/optim'
import { tensor } from '@grad-ts/tensor'
import { fitOrThrow, fromColumns, resetOnSaturation, runProgram, writeAtomicallyOrThrow } from '@grad-ts/trainer'
import { lineChart, reportOf } from '@grad-ts/trainer/report'
import type { TrainEvent } from '@grad-ts/trainer'

const measures = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'] as const
const islands = ['Biscoe', 'Dream', 'Torgersen']

type Penguin = Readonly<Record<(typeof measures)[number], number | null>> & { readonly Sex: string | null; readonly Island: string }

/** Measurements and island of the penguins whose sex is known; the task is to tell the sex. */
const readPenguins = async () => {
  const path = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/penguins.json')
  const all = JSON.parse(await readFile(path, 'utf8')) as readonly Penguin[]
  const known = all.filter((penguin) => ['MALE', 'FEMALE'].includes(penguin.Sex ?? '') && measures.every((name) => penguin[name] !== null))
  const columns = measures.map((name) => {
    const values = known.map((penguin) => penguin[name] ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    return values.map((value) => (value - mean) / deviation)
  })
  return fromColumns({
    x: tensor(
      known.map(({ Island }, i) => [...columns.map((column) => column[i] ?? 0), ...islands.map((island) => Number(island === Island))]),
    ),
    y: tensor(
      known.map(({ Sex }) => Number(Sex === 'MALE')),
      { dtype: 'int32' },
    ),
  })
}

const epochs = 60

await runProgram(async (signal) => {
  const data = await readPenguins()
  const resets: number[] = []
  const settings = {
    model: sequential({ hidden: dense({ in: 7, out: 24 }), tanh, out: dense({ in: 24, out: 2 }) }),
    loss: softmaxCrossEntropyWithIntegerLabels,
    metrics: { accuracy: accuracy() },
    data,
    // The rate halves every 40 updates, four epochs: soon nothing moves any more.
    solver: adam({ learningRate: exponentialDecay({ initValue: 0.02, transitionSteps: 40, decayRate: 0.5 }) }),
    epochs,
    signal,
  }
  const observers = [(event: TrainEvent) => void (event.tag === 'learningRateChanged' && resets.push(event.step))]
  const plain = await fitOrThrow(settings)
  const reset = await fitOrThrow({
    ...settings,
    policies: [resetOnSaturation({ monitor: 'loss', patience: 2, minDelta: 0.002, moments: 'keep' })],
    observers,
  })

  const lossesOf = ({ history }: typeof plain): number[] => history.epochs.map(({ loss }) => loss)
  const [without, withReset] = [lossesOf(plain).at(-1) ?? NaN, lossesOf(reset).at(-1) ?? NaN]
  const x = lossesOf(plain).map((_, i) => i + 1)
  const rateSteps = reset.history.steps.learningRate.map((_, i) => i + 1)
  const report = reportOf({
    title: 'Resetting the learning rate',
    note: 'The first curves are of the run with resets; the others compare it with the same run without.',
    history: reset.history,
    facts: [
      { name: 'final loss without resets', value: without.toFixed(4) },
      { name: 'final loss with resets', value: withReset.toFixed(4) },
      { name: 'resets', value: String(resets.length) },
    ],
    sections: [
      {
        title: 'Loss with and without resets',
        body: lineChart({
          xLabel: 'epoch',
          yLabel: 'loss',
          yScale: 'log',
          series: [
            { name: 'without', x, y: lossesOf(plain) },
            { name: 'with resets', x, y: lossesOf(reset) },
          ],
        }),
      },
      {
        title: 'Learning rates',
        body: lineChart({
          xLabel: 'step',
          yLabel: 'learning rate',
          yScale: 'log',
          series: [
            { name: 'without', x: rateSteps, y: plain.history.steps.learningRate },
            { name: 'with resets', x: rateSteps, y: reset.history.steps.learningRate },
          ],
        }),
      },
    ],
  })
  await writeAtomicallyOrThrow(join('out', 'learning-rate-reset', 'report.html'), report)
  console.log(`resets after steps ${resets.join(', ')}`)
  console.log(`final loss without resets ${without.toFixed(4)}, accuracy ${plain.history.epochs.at(-1)?.metrics['accuracy']?.toFixed(3)}`)
  console.log(`final loss with resets    ${withReset.toFixed(4)}, accuracy ${reset.history.epochs.at(-1)?.metrics['accuracy']?.toFixed(3)}`)
  if (!(withReset < without)) throw new Error('the resets did not help')
})
