import { evaluate, tensor, toArray } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { applyUpdates } from '../src/index.ts'
import type { GradientTransformation } from '../src/index.ts'

const gradients = [
  [0.1, -0.2, 0.3],
  [-0.3, 0.1, 0.2],
  [0.05, 0.4, -0.1],
]
const matrixGradients = [
  [
    [0.1, -0.2, 0.3],
    [-0.3, 0.1, 0.2],
  ],
  [
    [0.05, 0.4, -0.1],
    [0.2, -0.1, 0.15],
  ],
]

const run = (rule: GradientTransformation, start: Tree<Tensor>, steps: readonly Tree<Tensor>[], values: readonly Tensor[]): number[] => {
  let params = start
  let state = rule.init(params)
  steps.forEach((gradient, i) => {
    const value = values[i]
    const [updates, next] = rule.update(gradient, state, value === undefined ? { params } : { params, value })
    const done = evaluate({ params: applyUpdates(params, updates), state: next }) as { params: Tree<Tensor>; state: Tree<Tensor> }
    params = done.params
    state = done.state
  })
  return leaves(params).flatMap((leaf) => (toArray(leaf) as number[]).flat(2)) as number[]
}

/** The parameters after some steps from [1, −2, 0.5] with three gradients in turn. */
export const afterVectorSteps = (
  rule: GradientTransformation,
  { count = 3, dtype = 'float64', values = [] }: { count?: number; dtype?: FloatDType; values?: readonly number[] } = {},
): number[] =>
  run(
    rule,
    tensor([1, -2, 0.5], { dtype }),
    Array.from({ length: count }, (_, i) => tensor(gradients[i % 3] as number[], { dtype })),
    values.map((value) => tensor(value, { dtype })),
  )

/** The parameters after two steps of a 2 × 3 matrix, row by row. */
export const afterMatrixSteps = (rule: GradientTransformation, dtype: FloatDType = 'float64'): number[] =>
  run(
    rule,
    tensor(
      [
        [1, -2, 0.5],
        [0.25, 0.75, -1],
      ],
      { dtype },
    ),
    matrixGradients.map((gradient) => tensor(gradient, { dtype })),
    [],
  )

/** The largest relative distance between two lists. */
export const relativeDistance = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs((found[i] as number) - value) / Math.max(Math.abs(value), 1e-3)))

/** The parameters, row by row, after each step from a matrix with these gradients, in float64. */
export const trajectoryOf = (rule: GradientTransformation, start: number[][], gradients: readonly number[][][]): number[][] =>
  gradients.map((_, step) =>
    run(
      rule,
      tensor(start, { dtype: 'float64' }),
      gradients.slice(0, step + 1).map((gradient) => tensor(gradient, { dtype: 'float64' })),
      [],
    ),
  )
