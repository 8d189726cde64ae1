// Predicts how far a car goes on a gallon from a table of 392 cars of 1970 to 1982: numbers are standardised, the origin is one-hot.

import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dense, huberLoss, relu, rootMeanSquaredError, r2Score, sequential } from '@grad-ts/nn'
import { adamw, cosineDecay } from '@grad-ts/optim'
import { key, tensor } from '@grad-ts/tensor'
import {
  earlyStopping,
  evaluateOrThrow,
  fitOrThrow,
  fromRecords,
  predictOrThrow,
  progressBar,
  runProgram,
  splitDataset,
  writeAtomicallyOrThrow,
} from '@grad-ts/trainer'
import { reportOf, scatterChart } from '@grad-ts/trainer/report'

interface Car {
  readonly Miles_per_Gallon: number | null
  readonly Cylinders: number
  readonly Displacement: number
  readonly Horsepower: number | null
  readonly Weight_in_lbs: number
  readonly Acceleration: number
  readonly Year: string
  readonly Origin: 'USA' | 'Europe' | 'Japan'
}

const numbers = ['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration'] as const
const origins = ['USA', 'Europe', 'Japan'] as const

const readCars = async (): Promise<readonly Car[]> => {
  const path = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/cars.json')
  const cars = JSON.parse(await readFile(path, 'utf8')) as readonly Car[]
  return cars.filter(({ Miles_per_Gallon: mileage, Horsepower: power }) => mileage !== null && power !== null)
}

/** Brings a column to mean 0 and deviation 1. */
const standardiser = (values: readonly number[]): ((value: number) => number) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return (value) => (value - mean) / deviation
}

const rowsOf = (cars: readonly Car[]) => {
  const scales = numbers.map((name) => standardiser(cars.map((car) => car[name] ?? 0)))
  return fromRecords(cars, (car) => ({
    x: tensor([
      ...numbers.map((name, i) => scales[i]?.(car[name] ?? 0) ?? 0),
      Number(car.Year.slice(0, 4)) / 4 - 494,
      ...origins.map((origin) => Number(car.Origin === origin)),
    ]),
    y: tensor([car.Miles_per_Gallon ?? 0]),
  }))
}

await runProgram(async (signal) => {
  const [rest, test] = splitDataset(0.8, rowsOf(await readCars()), { key: key(7) })
  const [training, validation] = splitDataset(0.85, rest, { key: key(8) })
  const model = sequential({ hidden: dense({ in: 9, out: 32 }), relu, out: dense({ in: 32, out: 1 }) })
  const task = { model, loss: huberLoss, metrics: { rmse: rootMeanSquaredError(), r2: r2Score() } }
  const run = await fitOrThrow({
    ...task,
    data: training,
    validation: { data: validation },
    solver: adamw({ learningRate: cosineDecay({ initValue: 0.01, transitionSteps: 2500 }), weightDecay: 0.01 }),
    epochs: 300,
    policies: [earlyStopping({ monitor: 'validation.loss', patience: 60 })],
    observers: [progressBar()],
    signal,
  })
  const { metrics } = await evaluateOrThrow({ ...task, params: run.params, data: test })
  const { x, y } = test.rows(Int32Array.from({ length: test.size }, (_, i) => i))
  const truths = [...y.attributes.data]
  const predictions = (await predictOrThrow({ model, params: run.params, inputs: x })).attributes.data
  const report = reportOf({
    title: 'Miles per gallon',
    note: 'A small dense network on 392 cars; the parameters of the best validation epoch, tested on cars that it never saw.',
    history: run.history,
    facts: Object.entries(metrics).map(([name, value]) => ({ name: `test ${name}`, value: value.toFixed(3) })),
    sections: [
      {
        title: 'Predicted over true, test cars',
        body: scatterChart(
          truths.map((x, i) => ({ x, y: predictions[i] as number })),
          { x: 'true miles per gallon', y: 'predicted', diagonal: true },
        ),
      },
    ],
  })
  await writeAtomicallyOrThrow(join('out', 'cars', 'report.html'), report)
  console.log(`stopped after epoch ${run.history.epochs.length}: ${run.stopped.tag}`)
  console.log(
    `off by ${metrics['rmse']?.toFixed(2)} miles per gallon (root mean square), R² ${metrics['r2']?.toFixed(3)} on ${truths.length} cars it never saw`,
  )
})
