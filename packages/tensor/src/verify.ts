import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { EvaluationError, showOperand } from './errors.ts'
import { topologicalOrder } from './graph.ts'
import { table } from './ops/table.ts'
import { sameShape } from './shape.ts'
import type { Tensor } from './tensor.ts'

/**
 * Checks every node of a graph against the op table: the op is known, the operands fit, shape and dtype are what the rule gives.
 *
 * @throws {ShapeError | DTypeError | EvaluationError} for the first node that is wrong; the message names the op and its operands
 */
export const verify = (tree: Tree<Tensor>): void => {
  for (const node of topologicalOrder(leaves(tree))) {
    const rule = table[node.op]
    if (rule === undefined) throw new EvaluationError(`unknown op '${String(node.op)}'; expected one of the op table`)
    const { shape, dtype } = rule.infer(node.inputs, node.attributes)
    if (!sameShape(shape, node.shape) || dtype !== node.dtype)
      throw new EvaluationError(
        `${node.op}(${node.inputs.map(showOperand).join(', ')}): expected a result of ${showOperand({ shape, dtype })}, got ${showOperand(node)}`,
      )
  }
}
