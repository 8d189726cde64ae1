export { grad, valueAndGrad, valueAndGradWithAux, vjp } from './grad.ts'
export type { GradientRule, GradientRules } from './rules/rule.ts'
