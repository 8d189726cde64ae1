import { valueAndGrad } from '@grad-ts/autodiff'
import { softmaxCrossEntropy } from '@grad-ts/nn'
import { applyUpdates, dynamicLossScale, lossScaleOf } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { cast, div, evaluate, key, mean, mul, normal, oneHot, uniform } from '@grad-ts/tensor'
import type { Constant, Shape, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { StepCase } from './case.ts'

/** A model as the cases need it: parameters, and the logits of a batch. */
export interface Classifier {
  readonly params: Tree<Tensor>
  readonly logits: (params: Tree<Tensor>, x: Tensor) => Tensor
  readonly classes: number
}

interface Batch {
  readonly x: Tensor
  readonly y: Tensor
}

const known = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor): Tensor => evaluate(leaf), tree)

/** Uniform class numbers. */
export const labels = (seed: number, shape: Shape, classes: number): Constant =>
  evaluate(cast(uniform(key(seed), shape, { high: classes }), 'int32')) as Constant

export const gaussian = (seed: number, shape: Shape): Constant => evaluate(normal(key(seed), shape)) as Constant

/** How a case is measured, and whether its loss is scaled, as mixed precision wants it. */
export interface TrainingOptions extends Pick<StepCase, 'runs' | 'loop'> {
  readonly scaled: boolean
}

/** The whole step of a classifier: forward, backward, transformation of the gradients, update. */
export const trainingCase = (
  { params, logits, classes }: Classifier,
  plain: GradientTransformation,
  batch: Batch,
  { runs, loop, scaled }: TrainingOptions,
): StepCase => {
  const solver = scaled ? (dynamicLossScale(plain) as GradientTransformation) : plain
  const loss = (current: Tree<Tensor>, { x, y }: Batch): Tensor => mean(softmaxCrossEntropy(logits(current, x), oneHot(y, classes)))
  const start = known(params)
  return {
    state: { params: start, optimizer: known(solver.init(start) as Tree<Tensor>) },
    batch: { x: batch.x, y: batch.y },
    step: (state, given) => {
      const { params: current, optimizer } = state as { readonly params: Tree<Tensor>; readonly optimizer: Tree<Tensor> }
      const scale = lossScaleOf(optimizer)
      const [value, gradients] = valueAndGrad((p: Tree<Tensor>, b: Batch) => mul(loss(p, b), scale))(current, given as unknown as Batch)
      const [updates, next] = solver.update(gradients, optimizer as never, { params: current })
      return [{ params: applyUpdates(current, updates), optimizer: next as Tree<Tensor> }, div(value, scale)]
    },
    runs,
    loop,
  }
}
