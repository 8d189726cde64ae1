import { compileOrThrow } from '@grad-ts/onnxruntime'
import { interpret } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import type { MapLeaves, Tree } from '@grad-ts/tree'

/** The three ways in which every run is replayed. */
export const ways = ['float64', 'float32', 'onnxruntime'] as const
export type Way = (typeof ways)[number]

export const dtypeOf = (way: Way): FloatDType => (way === 'float64' ? 'float64' : 'float32')

type Constants<Outputs> = MapLeaves<Outputs, Tensor, Constant>

/** A function that was made to run, and how to free it. */
export interface Runner<Args, Outputs> {
  readonly call: (args: Args) => Promise<Constants<Outputs>>
  readonly dispose: () => Promise<void>
}

/** Makes a function of one tree run: traced or compiled once, with the first arguments. */
export const runnerFor = <Args extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  way: Way,
  fn: (args: Args) => Outputs,
): Runner<Args, Outputs> => {
  if (way !== 'onnxruntime') {
    const run = interpret<[Args], Outputs>(fn)
    return { call: async (args) => run(args), dispose: async () => undefined }
  }
  let program: Awaited<ReturnType<typeof compileOrThrow<[Args], Outputs>>> | undefined
  return {
    call: async (args) => {
      program ??= await compileOrThrow<[Args], Outputs>(fn, [args], { threads: 1 })
      return program.runOrThrow(args)
    },
    dispose: async () => program?.dispose(),
  }
}
