import { compileOrThrow } from '@grad-ts/onnxruntime'
import type { Metric } from '@grad-ts/nn'
import { evaluate } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnsOf, metrics } from './table.ts'
import type { Columns } from './table.ts'

const pass =
  (metric: Metric) =>
  (state: Tree<Tensor>, { outputs, targets, weights }: Columns) => {
    const next = metric.update(state, outputs, targets, weights)
    return { next, result: metric.result(next) } as Tree<Tensor>
  }

test.each(metrics.map(([metric, kind], i) => [`${metric.name} (${i})`, metric, kind] as const))(
  '%s: ONNX Runtime agrees with the interpreter',
  async (_, metric, kind) => {
    const [first, second] = fc.sample(columnsOf(kind), { numRuns: 2, seed: 3 }) as [Columns, Columns]
    const state = evaluate(metric.update(metric.empty, first.outputs, first.targets, first.weights)) as Tree<Tensor>
    const program = await compileOrThrow(pass(metric), [state, second])
    const compiled = new Map(entries<Constant>((await program.runOrThrow(state, second)) as Tree<Constant>))
    await program.dispose()
    for (const [path, wanted] of entries<Constant>(evaluate(pass(metric)(state, second)) as Tree<Constant>)) {
      const got = compiled.get(path)?.attributes.data ?? []
      const scale = Math.max(1, ...Array.from(wanted.attributes.data, Math.abs))
      expect(Math.max(...Array.from(wanted.attributes.data, (value, i) => Math.abs(value - (got[i] as number)) / scale))).toBeLessThan(2e-5)
    }
  },
)
