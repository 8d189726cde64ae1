export { grad, valueAndGrad, valueAndGradWithAux, vjp } from './grad.ts'
export type { GradientRule, GradientRules } from './rules/rule.ts'
export { checkpoint } from './checkpoint.ts'
export { hessianVectorProduct, jvp } from './forward.ts'
