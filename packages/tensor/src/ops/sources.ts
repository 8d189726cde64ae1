import { EvaluationError } from '../errors.ts'
import type { OpRules } from './rule.ts'

export const sources: OpRules<'input' | 'constant'> = {
  input: {
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    evaluate: (_, { name }) => {
      throw new EvaluationError(`input '${name}' has no value; give it one in the second argument of evaluate`)
    },
  },
  constant: {
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    evaluate: (_, { data }) => data,
  },
}
