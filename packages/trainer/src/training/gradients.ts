import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { add, div, equal, foldIn, mul, sliceAxis, squeeze, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { valueAndGradWithAux } from '@grad-ts/autodiff'
import type { Objective, Pass, SymbolicBatch } from './objective.ts'
import type { TrainState } from './step.ts'

/** The sums of a batch, and gradients. */
interface Found<Params, State> {
  readonly pass: Pass<State>
  readonly gradients: Params
}

/** What gradients depend on besides the objective. */
export interface GradientSettings<Params> {
  /** Micro-batches per update: the batch has one more axis in front. */
  readonly accumulate: number
  /** Added to the mean loss, such as an L2 penalty. */
  readonly penalty?: (params: Params) => Tensor
}

const microBatch = (batch: SymbolicBatch, index: number, count: number): SymbolicBatch =>
  count === 1
    ? batch
    : (map(
        (leaf: Tensor) => squeeze(sliceAxis(leaf, 0, { start: index, end: index + 1 }), 0),
        batch as unknown as Tree<Tensor>,
      ) as unknown as SymbolicBatch)

const addTrees = <T>(left: T, right: T): T => map((a: Tensor, b: Tensor) => add(a, b), left as Tree<Tensor>, right as Tree<Tensor>) as T

const each = <T>(tree: T, fn: (leaf: Tensor) => Tensor): T => map(fn, tree as Tree<Tensor>) as T

/** A batch without weight moves nothing. */
const safe = (weight: Tensor): Tensor => where(equal(weight, 0), 1, weight)

const addFound = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  { metrics }: Objective<Params, State>,
  left: Found<Params, State>,
  right: Found<Params, State>,
): Found<Params, State> => {
  const combined = Object.entries(metrics).map(([name, metric]) => [
    name,
    metric.combine(left.pass.metrics[name] ?? null, right.pass.metrics[name] ?? null),
  ])
  return {
    pass: {
      total: add(left.pass.total, right.pass.total),
      weight: add(left.pass.weight, right.pass.weight),
      scalarLoss: left.pass.scalarLoss,
      state: right.pass.state,
      metrics: Object.fromEntries(combined),
    },
    gradients: addTrees(left.gradients, right.gradients),
  }
}

/** Runs the micro-batches one after the other and adds up what they give. */
const accumulateParts = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  state: TrainState<Params, State>,
  batch: SymbolicBatch,
  count: number,
  differentiate: (batch: SymbolicBatch, model: State, key: Tensor) => Found<Params, State>,
): Found<Params, State> => {
  const stepKey = foldIn(state.key, state.step)
  let totals: Found<Params, State> | undefined
  for (let index = 0; index < count; index++) {
    const key = count === 1 ? stepKey : foldIn(stepKey, index)
    const part = differentiate(microBatch(batch, index, count), totals?.pass.state ?? state.model, key)
    totals = totals === undefined ? part : addFound(objective, totals, part)
  }
  return totals as Found<Params, State>
}

/**
 * Takes the gradients of the mean loss over all micro-batches, whatever the weights of the parts, and of the penalty.
 *
 * Without a scale Σ w·l is differentiated and divided by Σ w at the end. With one it is the mean of every micro-batch, times the scale: in
 * float16 the gradients of a sum over many examples would leave the range.
 *
 * @param scale factor of the loss, float32 `[]`, where it is scaled; the gradients then have it too
 */
export const meanGradients = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  state: TrainState<Params, State>,
  batch: SymbolicBatch,
  { accumulate, penalty }: GradientSettings<Params>,
  scale?: Tensor,
): Found<Params, State> => {
  const isWeighted = scale !== undefined && accumulate > 1
  const { pass, gradients: sums } = accumulateParts(objective, state, batch, accumulate, (examples, model, key) => {
    const [[, found], gradients] = valueAndGradWithAux((params: Params) => {
      const part = objective.pass(params, model, examples, { training: true, key })
      return [scale === undefined ? part.total : mul(div(part.total, safe(part.weight)), scale), part] as const
    })(state.params)
    return { pass: found, gradients: isWeighted ? each(gradients, (gradient) => mul(gradient, found.weight)) : gradients }
  })
  const means = scale === undefined || isWeighted ? each(sums, (sum) => div(sum, safe(pass.weight))) : sums
  if (penalty === undefined) return { pass, gradients: means }
  const [, own] = valueAndGradWithAux((params: Params) => [penalty(params), null] as const)(state.params)
  return { pass, gradients: addTrees(means, scale === undefined ? own : each(own, (gradient) => mul(gradient, scale))) }
}
