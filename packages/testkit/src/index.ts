export { checkGradient } from './gradient-check.ts'
export type { GradientCheck, GradientCheckOptions, TensorFunction } from './gradient-check.ts'
export type { OpExample, OpExamples } from './ops/example.ts'
export { opExamples } from './ops/table.ts'
