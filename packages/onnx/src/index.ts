export type { Target } from './emitter.ts'
export { toLoopModel } from './loop.ts'
export type { StepGraph } from './loop.ts'
export type { Port } from './graph.ts'
export { inputPorts, outputPorts, toModel } from './model.ts'
export type { ModelOptions } from './model.ts'
export { float16Bits, float16Values } from './schema/float16.ts'
export { DynamicBatchError } from './export/errors.ts'
export { exportModel, exportModelOrThrow } from './export/model.ts'
export type { ExportOptions } from './export/model.ts'
export {
  OnnxExternalDataError,
  OnnxFormatError,
  OnnxGradientError,
  OnnxGraphError,
  OnnxLimitError,
  OnnxNodeError,
  OnnxOpError,
  OnnxOptionError,
} from './import/errors.ts'
export type { OnnxError } from './import/errors.ts'
export type { OwnAttribute, OwnOperator, OwnOperators } from './import/own.ts'
export { fromOnnx, fromOnnxBytes, fromOnnxOrThrow } from './import/read.ts'
export type { Selector, WeightInfo } from './import/select.ts'
export type { NamedConstants, NamedTensors, OnnxModel, OnnxOptions, OnnxPort, OnnxSource } from './import/types.ts'
export { toOnnx, toOnnxOrThrow } from './rewrite/write.ts'
export type { ToOnnxOptions } from './rewrite/write.ts'
export type { WrittenAdapters } from './rewrite/adapters.ts'
export { optimizeGraph, passNames } from './passes/optimize.ts'
export type { PassName } from './passes/optimize.ts'
export { toMixedPrecision } from './precision/mixed.ts'
export { precisionRoles } from './precision/table.ts'
export type { PrecisionRole } from './precision/table.ts'
export { estimateMemory, hasBarriers, planMemory } from './passes/memory/plan.ts'
export type { MemoryBudget, MemoryOptions, MemoryPlan } from './passes/memory/plan.ts'
export { cutAt } from './adapt/cut.ts'
export { replaceHead } from './adapt/head.ts'
export type { Head } from './adapt/head.ts'
export { lora } from './adapt/lora.ts'
export type { Adapter, Adapters, Lora, LoraOptions } from './adapt/lora.ts'
export { writeOnnx, writeOnnxOrThrow } from './rewrite/file.ts'
export type { WriteOptions } from './rewrite/file.ts'
export { explainGraph } from './explain.ts'
