import { constantOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { StepExecutor } from './executor.ts'
import type { Layout, Pack } from './pack.ts'

const join = ({ leaves, lengths }: Pack, values: readonly Constant[]): Constant => {
  const data = new Float32Array(lengths.reduce((total, length) => total + length, 0))
  let at = 0
  leaves.forEach((leaf, i) => {
    data.set((values[leaf] as Constant).attributes.data, at)
    at += lengths[i] as number
  })
  return constantOf(data, [data.length], 'float32')
}

/** Stores the leaves of a state as a layout says. */
export const packState = ({ single, packs }: Layout, values: readonly Constant[]): Constant[] => [
  ...single.map((leaf) => values[leaf] as Constant),
  ...packs.map((pack) => join(pack, values)),
]

/** Gives the leaves of a stored state; those of a pack share its buffer. */
const unpackState = ({ single, packs }: Layout, stored: readonly Constant[], types: readonly Tensor[]): Constant[] => {
  const values: Constant[] = []
  single.forEach((leaf, i) => (values[leaf] = stored[i] as Constant))
  packs.forEach(({ leaves, lengths }, i) => {
    let at = 0
    const { data } = (stored[single.length + i] as Constant).attributes
    leaves.forEach((leaf, member) => {
      values[leaf] = constantOf(data.subarray(at, (at += lengths[member] as number)), (types[leaf] as Tensor).shape, 'float32')
    })
  })
  return values
}

/** Hides a layout: leaves go in and out as the step has them. */
export const packedExecutor = (inner: StepExecutor, layout: Layout, types: readonly Tensor[]): StepExecutor => ({
  ...inner,
  read: async () => unpackState(layout, await inner.read(), types),
  write: (values) => inner.write(packState(layout, values)),
})
