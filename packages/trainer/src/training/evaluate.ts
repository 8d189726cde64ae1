import type { Tree } from '@grad-ts/tree'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { batchesOf } from '../data/batches.ts'
import type { Batch } from '../data/batches.ts'
import type { Dataset, Example } from '../data/dataset.ts'
import type { ExecutorOptions } from './executor.ts'
import type { Objective, SymbolicBatch } from './objective.ts'
import { alike, grouped } from './groups.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { tallierOf } from './tally.ts'
import type { Tallier, Tally } from './tally.ts'
import { numberOf } from './update.ts'

/** Measures batches with the parameters that it holds. */
export interface Measurer<Params, State> {
  readonly tallier: Tallier
  readonly hold: (params: Params, state: State) => Promise<void>
  /** Takes batches of one shape into a tally. */
  readonly add: (tally: Tally, batches: readonly Batch[]) => Promise<Tally>
  readonly dispose: () => Promise<void>
}

interface Sums {
  readonly total: Constant
  readonly weight: Constant
  readonly metrics: Readonly<Record<string, Tree<Constant>>>
}

/** Opens a measurer; its program is compiled when first needed. */
export const openMeasurer = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  executor: ExecutorOptions,
): Measurer<Params, State> => {
  const tallier = tallierOf(objective.metrics)
  const step = (held: Tree<Tensor>, batch: Tree<Tensor>): readonly [Tree<Tensor>, Tree<Tensor>] => {
    const { params, model } = held as unknown as { readonly params: Params; readonly model: State }
    const { total, weight, metrics } = objective.pass(params, model, batch as unknown as SymbolicBatch, { training: false })
    return [held, { total, weight, metrics }]
  }
  let session: Session | undefined
  return {
    tallier,
    hold: async (params, state) => {
      const held = { params, model: state } as unknown as Tree<Constant>
      if (session === undefined) session = openSession(step, held, 1, executor)
      else await session.setState(held)
    },
    add: async (tally, batches) => {
      const sums = ((await session?.run(batches.map((batch) => [batch]))) ?? []) as unknown as Sums[]
      return sums.reduce((sum, { total, weight, metrics }) => tallier.add(sum, numberOf(total), numberOf(weight), metrics), tally)
    },
    dispose: async () => session?.dispose(),
  }
}

/** Measures parameters on one data set, again and again with the same programs. */
export interface Evaluator<Params, State> {
  readonly tallier: Tallier
  readonly measure: (params: Params, state: State) => Promise<Tally>
  readonly dispose: () => Promise<void>
}

/**
 * Makes an evaluator for a data set.
 *
 * @param options.batchSize rows of one batch
 * @param options.batchesPerRun batches that one run of the program takes
 * @param options.pad whether the last batch is filled up (not for scalar losses)
 */
export const makeEvaluator = <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  dataset: Dataset<E>,
  options: ExecutorOptions & { readonly batchSize: number; readonly batchesPerRun: number; readonly pad: boolean },
): Evaluator<Params, State> => {
  const { batchSize, batchesPerRun, pad } = options
  const measurer = openMeasurer(objective, options)
  return {
    tallier: measurer.tallier,
    measure: async (params, state) => {
      await measurer.hold(params, state)
      let tally = measurer.tallier.empty
      for await (const group of grouped(batchesOf(dataset, { batchSize, pad }), batchesPerRun, alike))
        tally = await measurer.add(tally, group)
      return tally
    },
    dispose: measurer.dispose,
  }
}
