import { reshape, sizeOf } from '@grad-ts/tensor'
import { lambda } from '../layer.ts'
import type { Layer } from '../layer.ts'

/**
 * Joins all axes but the first: `[batch, …] → [batch, features]`.
 *
 * @example
 * import { ones } from '@grad-ts/tensor'
 * import { flatten } from '@grad-ts/nn'
 * flatten().apply(null, ones([5, 2, 3])).shape // => [5, 6]
 */
export const flatten = (): Layer<null, null> => lambda((x) => reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]), 'flatten')
