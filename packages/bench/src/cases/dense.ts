import { dense, relu, sequential } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { key } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'
import type { StepCase } from './case.ts'
import { gaussian, labels, trainingCase } from './training.ts'
import type { Classifier, TrainingOptions } from './training.ts'

const perceptron = (widths: readonly number[]): Classifier => {
  const layers = widths.slice(1).map((out, i) => dense({ in: widths[i] as number, out }))
  const parts = layers.flatMap((layer, i) => (i < layers.length - 1 ? [layer, relu] : [layer]))
  const model = sequential(...parts)
  return {
    params: model.init(key(0)) as Tree<Tensor>,
    logits: (params, x) => model.apply(params as never, x),
    classes: widths.at(-1) as number,
  }
}

/** A perceptron on noise with classes drawn at random, and its Adam step. */
export const denseCase = (widths: readonly number[], batch: number, options: TrainingOptions): StepCase =>
  trainingCase(
    perceptron(widths),
    adam({ learningRate: 1e-3 }),
    { x: gaussian(1, [batch, widths[0] as number]), y: labels(2, [batch], widths.at(-1) as number) },
    options,
  )

/** 10-10-2, batch 32, Adam. */
export const small = (scaled = false): StepCase => denseCase([10, 10, 2], 32, { runs: 1000, loop: 50, scaled })

/** 784-512-512-10, batch 128, Adam. */
export const mlp = (scaled = false): StepCase => denseCase([784, 512, 512, 10], 128, { runs: 60, loop: 20, scaled })
