import type { Tree } from '@grad-ts/tree'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { batchesOf } from '../data/batches.ts'
import type { Dataset, Example } from '../data/dataset.ts'
import type { Evaluation } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import type { Objective, SymbolicBatch } from './objective.ts'
import { grouped, sameRows } from './groups.ts'
import { openSession } from './session.ts'
import { tallierOf } from './tally.ts'

/** Measures parameters on data, again and again with the same programs. */
export interface Evaluator<Params, State> {
  readonly evaluate: (params: Params, state: State) => Promise<Evaluation>
  readonly dispose: () => Promise<void>
}

interface Sums {
  readonly total: Constant
  readonly weight: Constant
  readonly metrics: Readonly<Record<string, Tree<Constant>>>
}

const valueOf = ({ attributes: { data } }: Constant): number => data[0] as number

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
  const tallier = tallierOf(objective.metrics)
  const step = (held: Tree<Tensor>, batch: Tree<Tensor>): readonly [Tree<Tensor>, Tree<Tensor>] => {
    const { params, model } = held as unknown as { readonly params: Params; readonly model: State }
    const { total, weight, metrics } = objective.pass(params, model, batch as unknown as SymbolicBatch, { training: false })
    return [held, { total, weight, metrics }]
  }
  let session: ReturnType<typeof openSession> | undefined
  return {
    evaluate: async (params, state) => {
      const held = { params, model: state } as unknown as Tree<Constant>
      if (session === undefined) session = openSession(step, held, 1, options)
      else await session.setState(held)
      let tally = tallier.empty
      for await (const group of grouped(
        batchesOf(dataset, { batchSize: options.batchSize, pad: options.pad }),
        options.batchesPerRun,
        sameRows,
      ))
        for (const sums of (await session.run(group.map((batch) => [batch]))) as unknown as Sums[])
          tally = tallier.add(tally, valueOf(sums.total), valueOf(sums.weight), sums.metrics)
      return tallier.result(tally)
    },
    dispose: async () => session?.dispose(),
  }
}
