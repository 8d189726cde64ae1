// Searches for batch size and learning rate: a range test bounds the rates, then successive halving trains 18 candidates on the
// cars table for a few epochs, keeps the best third, and so on.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { dense, meanSquaredError, relu, sequential } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { key, tensor } from '@grad-ts/tensor'
import {
  choice,
  fitOrThrow,
  fromColumns,
  range,
  rangeTestOrThrow,
  runProgram,
  searchOrThrow,
  splitDataset,
  writeAtomicallyOrThrow,
} from '@grad-ts/trainer'
import { rangeTestChart, reportOf, searchSections } from '@grad-ts/trainer/report'

const names = ['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Miles_per_Gallon'] as const

/** Six columns of the cars table, each brought to mean 0 and deviation 1; the last one is to be predicted. */
const readCars = async () => {
  const path = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/cars.json')
  const all = JSON.parse(await readFile(path, 'utf8')) as readonly Readonly<Record<(typeof names)[number], number | null>>[]
  const cars = all.filter((car) => names.every((name) => car[name] !== null))
  const columns = names.map((name) => {
    const values = cars.map((car) => car[name] ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    return values.map((value) => (value - mean) / deviation)
  })
  const rows = cars.map((_, i) => columns.map((column) => column[i] ?? 0))
  return fromColumns({ x: tensor(rows.map((row) => row.slice(0, 5))), y: tensor(rows.map((row) => row.slice(5))) })
}

await runProgram(async (signal) => {
  const [data, held] = splitDataset(0.75, await readCars(), { key: key(3) })
  const task = {
    model: sequential({ hidden: dense({ in: 5, out: 24 }), relu, out: dense({ in: 24, out: 1 }) }),
    loss: meanSquaredError,
    data,
    signal,
  }

  const test = await rangeTestOrThrow({
    ...task,
    batchSize: 32,
    from: 1e-5,
    to: 10,
    steps: 120,
    solverWith: (learningRate) => adam({ learningRate }),
  })
  console.log(
    `range test: the loss is lowest near ${(10 * test.suggestion).toPrecision(2)}, so try around ${test.suggestion.toPrecision(2)}`,
  )

  const run = (candidate: { readonly learningRate: number; readonly batchSize: number }, epochs: number) =>
    fitOrThrow({
      ...task,
      batchSize: candidate.batchSize,
      solver: adam({ learningRate: candidate.learningRate }),
      epochs,
      validation: { data: held, everyEpochs: epochs },
    })
  const space = { learningRate: range(test.suggestion / 30, test.suggestion * 3, 'log'), batchSize: choice([8, 16, 32, 64]) }
  const found = await searchOrThrow({
    space,
    strategy: { tag: 'halving', count: 18, factor: 3 },
    budget: 36,
    seed: 1,
    score: async (candidate, epochs) => (await run(candidate, epochs)).history.epochs.at(-1)?.validation?.loss ?? NaN,
    onTrial: ({ candidate, budget, score }) =>
      console.log(
        `${String(budget).padStart(3)} epochs  batch ${String(candidate.batchSize).padStart(2)}  rate ${candidate.learningRate.toExponential(1)}  score ${score.toFixed(4)}`,
      ),
  })

  const { best } = found
  const { history } = await run(best.candidate, best.budget)
  const report = reportOf({
    title: 'Search for batch size and learning rate',
    note: 'Scores are losses on held-out cars; small is good. The curves are of the chosen settings.',
    history,
    facts: [
      { name: 'batch size', value: String(best.candidate.batchSize) },
      { name: 'learning rate', value: best.candidate.learningRate.toExponential(2) },
      { name: 'score', value: best.score.toFixed(4) },
    ],
    sections: [{ title: 'Range test', body: rangeTestChart(test) }, ...searchSections(found, space)],
  })
  await writeAtomicallyOrThrow(join('out', 'hyperparameter-search', 'report.html'), report)
  console.log(
    `chosen: batch size ${best.candidate.batchSize}, learning rate ${best.candidate.learningRate.toExponential(2)}, score ${best.score.toFixed(4)}`,
  )
})
