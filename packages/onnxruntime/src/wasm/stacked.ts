import { allocate, constantOf, sizeOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

/** The batch of one step, of batches stacked along the first axis; without a copy. */
export const unstack = (stacked: readonly Constant[], step: number): Constant[] =>
  stacked.map(({ attributes: { data }, shape, dtype }) => {
    const size = sizeOf(shape.slice(1))
    return constantOf(data.subarray(step * size, (step + 1) * size), shape.slice(1), dtype)
  })

/** Stacks the outputs of several steps along a new first axis. */
export const stackSteps = (steps: readonly (readonly Constant[])[], leaves: readonly Tensor[]): Constant[] =>
  leaves.map(({ shape, dtype }, leaf) => {
    const size = sizeOf(shape)
    const data = allocate(dtype, steps.length * size)
    steps.forEach((outputs, step) => data.set((outputs[leaf] as Constant).attributes.data, step * size))
    return constantOf(data, [steps.length, ...shape], dtype)
  })
