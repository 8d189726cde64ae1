import * as nn from '@grad-ts/nn'
import { tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import fc from 'fast-check'

/** A batch for a metric. */
export type Columns = { readonly outputs: Tensor; readonly targets: Tensor; readonly weights: Tensor }
/** Which kind of data a metric reads. */
export type Data = 'scores' | 'classes' | 'binary' | 'numbers' | 'rows' | 'tokens' | 'phrases'

export const rows = 9
const steps = 6

const grid = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max }).map((value) => value / 8)
const many = (each: fc.Arbitrary<number>, count: number): fc.Arbitrary<number[]> => fc.array(each, { minLength: count, maxLength: count })
const floats = (min: number, max: number, ...shape: readonly number[]): fc.Arbitrary<Tensor> =>
  many(
    grid(min, max),
    shape.reduce((a, b) => a * b),
  ).map((values) => tensor(Float32Array.from(values), { shape }))
const whole = (max: number, ...shape: readonly number[]): fc.Arbitrary<Tensor> =>
  many(
    fc.integer({ min: 0, max }),
    shape.reduce((a, b) => a * b),
  ).map((values) => tensor(Int32Array.from(values), { shape }))

const data: Readonly<Record<Data, readonly [fc.Arbitrary<Tensor>, fc.Arbitrary<Tensor>]>> = {
  scores: [floats(0, 8, rows), floats(0, 8, rows)],
  classes: [floats(-20, 20, rows, 4), whole(3, rows)],
  binary: [floats(0, 8, rows), whole(1, rows)],
  numbers: [floats(-20, 20, rows), floats(-20, 20, rows)],
  rows: [floats(-20, 20, rows, 2), floats(-20, 20, rows, 2)],
  tokens: [floats(-20, 20, rows, steps, 3), whole(2, rows, steps)],
  phrases: [whole(3, rows, steps), whole(3, rows, steps)],
}

/** Every metric, with the data it reads. */
export const metrics: readonly (readonly [nn.Metric, Data])[] = [
  [nn.accuracy(), 'classes'],
  [nn.accuracy({ ignoreIndex: 0 }), 'tokens'],
  [nn.topKAccuracy({ k: 2 }), 'classes'],
  [nn.binaryAccuracy(), 'binary'],
  [nn.exactMatch(), 'numbers'],
  [nn.mean(), 'numbers'],
  [nn.total(), 'numbers'],
  [nn.lossMetric(nn.meanSquaredError), 'rows'],
  [nn.lossMetric(nn.softmaxCrossEntropyWithIntegerLabels), 'classes'],
  [nn.rootMeanSquaredError(), 'rows'],
  [nn.perplexity({ ignoreIndex: 0 }), 'tokens'],
  [nn.precision(), 'binary'],
  [nn.recall({ classes: 4, average: 'micro' }), 'classes'],
  [nn.fBeta({ classes: 4, average: 'weighted', beta: 2 }), 'classes'],
  [nn.intersectionOverUnion({ classes: 4, average: 'none' }), 'classes'],
  [nn.confusionMatrix({ classes: 4 }), 'classes'],
  [nn.areaUnderCurve({ bins: 8 }), 'binary'],
  [nn.areaUnderCurve({ bins: 8, curve: 'PR' }), 'binary'],
  [nn.sensitivityAtSpecificity(0.5), 'binary'],
  [nn.specificityAtSensitivity(0.5), 'binary'],
  [nn.precisionAtRecall(0.5), 'binary'],
  [nn.recallAtPrecision(0.5), 'binary'],
  [nn.r2Score(), 'numbers'],
  [nn.r2Score({ outputs: 2 }), 'rows'],
  [nn.pearsonCorrelation(), 'numbers'],
  [nn.concordanceCorrelation({ outputs: 2 }), 'rows'],
  [nn.bleu({ order: 2 }), 'phrases'],
] as unknown as readonly (readonly [nn.Metric, Data])[]

/** Draws a batch. */
export const columnsOf = (kind: Data): fc.Arbitrary<Columns> =>
  fc.record({
    outputs: data[kind][0],
    targets: data[kind][1],
    weights: many(fc.constantFrom(0, 1, 1, 2), rows).map((values) => tensor(values)),
  })
