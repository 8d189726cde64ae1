import type * as Runtime from 'onnxruntime-node'
import { MissingRuntimeError } from './errors.ts'

export type { Runtime }

let loaded: Promise<typeof Runtime> | undefined

/** Loads the native runtime at first use, so that importing this package costs nothing. */
export const loadRuntime = (): Promise<typeof Runtime> => {
  loaded ??= import('onnxruntime-node').catch((cause: unknown) => {
    loaded = undefined
    throw new MissingRuntimeError(cause)
  })
  return loaded
}
