import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { zerosLike } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import type { MemoryBudget } from '@grad-ts/onnx'
import { stackExamples } from '../data/dataset.ts'
import { signatureOf, unstackExamples } from '../data/examples.ts'
import type { Batch } from '../data/batches.ts'
import { settle } from '../internal/settle.ts'
import { compileRunner } from './executor.ts'
import type { ExecutorOptions, Runner, Step } from './executor.ts'

/** Runs updates on batches of any grouping; programs are compiled when first needed and share one state. */
export interface Session {
  /** Does one update per group of micro-batches; answers with one report each. */
  readonly run: (groups: readonly (readonly Batch[])[]) => Promise<Tree<Constant>[]>
  readonly state: () => Promise<Tree<Constant>>
  readonly setState: (state: Tree<Constant>) => Promise<void>
  readonly dispose: () => Promise<void>
}

const asTree = ({ examples, weight }: Batch): Tree<Constant> => ({ examples, weight })

const emptyLike = (batch: Tree<Constant>): Tree<Constant> => map((leaf: Constant) => settle(zerosLike(leaf)) as Constant, batch)

/** Stacks the micro-batches of one update; missing ones are empty and count nothing. */
const groupTree = (group: readonly Batch[], accumulate: number): Tree<Constant> => {
  const trees = group.map(asTree)
  if (accumulate === 1) return trees[0] as Tree<Constant>
  const [first] = trees as [Tree<Constant>]
  return stackExamples([...trees, ...Array.from({ length: accumulate - group.length }, () => emptyLike(first))])
}

/**
 * Opens a session.
 *
 * @param initial the state to start from
 * @param accumulate micro-batches per update
 * @param memoryBudget what a program may take (default: all that it computes is kept as long as it is used)
 */
export const openSession = (
  step: Step,
  initial: Tree<Constant>,
  accumulate: number,
  executor: ExecutorOptions,
  memoryBudget?: MemoryBudget,
): Session => {
  const runners = new Map<string, Runner>()
  let current: Runner | undefined
  const state = (): Promise<Tree<Constant>> => current?.state() ?? Promise.resolve(initial)
  const runnerFor = async (batch: Tree<Constant>, count: number): Promise<Runner> => {
    const signature = `${count} ${signatureOf(batch)}`
    const known = runners.get(signature)
    if (known !== undefined && known === current) return known
    // Another program takes over: the state moves with it.
    const latest = await state()
    const runner = known ?? (await compileRunner(step, latest, batch, count, executor, memoryBudget))
    if (known !== undefined) await known.setState(latest)
    runners.set(signature, runner)
    current = runner
    return runner
  }
  return {
    run: async (groups) => {
      const trees = groups.map((group) => groupTree(group, accumulate))
      const [first] = trees as [Tree<Constant>]
      const runner = await runnerFor(first, trees.length)
      if (trees.length === 1) return [await runner.run(first)]
      return unstackExamples((await runner.run(stackExamples(trees as never[]))) as never)
    },
    state,
    setState: async (next) => {
      if (current === undefined) initial = next
      else await current.setState(next)
    },
    dispose: async () => {
      for (const runner of runners.values()) await runner.dispose()
      runners.clear()
    },
  }
}
