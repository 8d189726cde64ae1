import { passNames } from '@grad-ts/onnx'
import type { PassName } from '@grad-ts/onnx'

/** What the compiler does to a graph: the rewrites of `@grad-ts/onnx`, and `packing` of the state into flat vectors where it pays. */
export type Pass = PassName | 'packing'

export const compilerPasses: readonly Pass[] = [...passNames, 'packing']

/** The rewrites among passes. */
export const rewritesIn = (passes: readonly Pass[]): readonly PassName[] => passNames.filter((name) => passes.includes(name))
