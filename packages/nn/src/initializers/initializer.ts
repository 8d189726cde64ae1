import { sizeOf } from '@grad-ts/tensor'
import type { FloatDType, Shape, Tensor } from '@grad-ts/tensor'

/** How a kernel's axes are to be read: which one counts inputs and which outputs (the others are the receptive field). */
export interface KernelLayout {
  /** Default: the last but one. */
  readonly inAxis?: number
  /** Default: the last. */
  readonly outAxis?: number
  /** Default: float32. */
  readonly dtype?: FloatDType
}

/** Draws an initial value of a shape from a key. The same key gives the same value. */
export type Initializer = (key: Tensor, shape: Shape, layout?: KernelLayout) => Tensor

/** How many inputs an output of a kernel sums over, and how many outputs an input feeds. */
export interface Fans {
  readonly fanIn: number
  readonly fanOut: number
}

/**
 * Counts the fans of a kernel.
 *
 * @example
 * import { fans } from '@grad-ts/nn'
 * fans([784, 256]) // => { fanIn: 784, fanOut: 256 }
 */
export const fans = (shape: Shape, { inAxis = -2, outAxis = -1 }: KernelLayout = {}): Fans => {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 }
  const [inputs, outputs] = [shape.at(inAxis) as number, shape.at(outAxis) as number]
  const receptiveField = sizeOf(shape) / (inputs * outputs)
  return { fanIn: inputs * receptiveField, fanOut: outputs * receptiveField }
}
