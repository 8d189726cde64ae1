import { sizeOf } from '@grad-ts/tensor'
import { ExecutionError } from '../errors.ts'
import type { Runtime } from '../runtime.ts'

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array, float16: Uint16Array } as const

/** Inputs of zeros, which every step takes. */
export const zeroFeeds = (runtime: typeof Runtime, { inputMetadata }: Runtime.InferenceSession): Record<string, Runtime.Tensor> =>
  Object.fromEntries(
    inputMetadata.map((port) => {
      if (!port.isTensor) throw new ExecutionError(`input '${port.name}' is no tensor`)
      const { type, shape } = port as { readonly type: keyof typeof arrays; readonly shape: readonly number[] }
      return [port.name, new runtime.Tensor(type, new arrays[type](sizeOf(shape)) as never, shape)]
    }),
  )
