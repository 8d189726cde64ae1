import type { OpName, Tensor } from '@grad-ts/tensor'
import { controlRules } from './control.ts'
import { convRules, poolRules } from './conv.ts'
import { elementwise } from './elementwise.ts'
import { indexingRules } from './indexing.ts'
import { layout } from './layout.ts'
import { matmulRules } from './matmul.ts'
import { reductions } from './reduce.ts'
import type { GradientRule, GradientRules, RuleContext } from './rule.ts'
import { softmaxRules } from './softmax.ts'

const sources: GradientRules<'input' | 'constant'> = { input: () => [], constant: () => [] }

/** Bits and positions do not change with their operands. */
const discrete: GradientRules<'randomBits' | 'topK'> = { randomBits: () => [null], topK: () => [null] }

/** Every op with its gradient rule. A missing row does not compile. */
const rules: GradientRules<OpName> = {
  ...sources,
  ...elementwise,
  ...reductions,
  ...matmulRules,
  ...layout,
  ...indexingRules,
  ...softmaxRules,
  ...convRules,
  ...poolRules,
  ...controlRules,
  ...discrete,
}

/** Applies the rule of a node whose op is known only at run time. */
export const pullBack = (cotangent: Tensor, node: Tensor, context: RuleContext): readonly (Tensor | null)[] =>
  (rules[node.op] as GradientRule<OpName>)(cotangent, node, context)
