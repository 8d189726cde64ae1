import type { OpName } from './attributes.ts'
import { controlRules } from './control.ts'
import { convRules } from './conv.ts'
import { elementwise } from './elementwise.ts'
import { indexingRules } from './indexing.ts'
import { layout } from './layout.ts'
import { matmulRules } from './matmul.ts'
import { poolRules } from './pool.ts'
import { randomRules } from './random.ts'
import { reductions } from './reduce.ts'
import type { OpRule, OpRules } from './rule.ts'
import { softmaxRules } from './softmax.ts'
import { sortRules } from './sort.ts'
import { sources } from './sources.ts'

/** Every op with its shape rule and its reference interpreter. A missing row does not compile. */
const rules: OpRules<OpName> = {
  ...sources,
  ...elementwise,
  ...reductions,
  ...matmulRules,
  ...layout,
  ...indexingRules,
  ...randomRules,
  ...sortRules,
  ...softmaxRules,
  ...convRules,
  ...poolRules,
  ...controlRules,
}

// An op name known only at run time: its attributes were made by the op's own constructor.
export const table = rules as { readonly [Op in OpName]: OpRule<never> } as Readonly<Record<OpName, OpRule<unknown>>>

export const opNames = Object.keys(rules) as readonly OpName[]
