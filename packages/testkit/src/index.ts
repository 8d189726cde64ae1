export { checkGradient } from './gradient-check.ts'
export type { GradientCheck, GradientCheckOptions, TensorFunction } from './gradient-check.ts'
