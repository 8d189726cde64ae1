import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { binary } from './binary.ts'
import { indexing } from './indexing.ts'
import { layout } from './layout.ts'
import { matmulRules } from './matmul.ts'
import { random } from './random.ts'
import { reductions } from './reduce.ts'
import type { Lowering, Lowerings } from './rule.ts'
import { scans } from './scan.ts'
import { sort } from './sort.ts'
import { sources } from './sources.ts'
import { unary } from './unary.ts'
import { windows } from './window.ts'

/** Every op with its ONNX form. A missing row does not compile. */
const lowerings: Lowerings<OpName> = {
  ...sources,
  ...unary,
  ...binary,
  ...reductions,
  ...matmulRules,
  ...layout,
  ...indexing,
  ...random,
  ...sort,
  ...windows,
  ...scans,
}

/** Writes one node; the operands have their names already. */
export const lower = (emitter: Emitter, inputs: readonly string[], node: Tensor): string =>
  (lowerings[node.op] as Lowering<never>)(emitter, inputs, node as never)
