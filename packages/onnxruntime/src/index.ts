export type { CacheOptions, Origin } from './cache/plans.ts'
export { compile, compileOrThrow } from './compile.ts'
export type { CompileOptions } from './compile.ts'
export { devices } from './device.ts'
export type { ConcreteDevice, Device } from './device.ts'
export {
  AbortedError,
  ArgumentError,
  DeviceUnavailableError,
  DisposedError,
  ExecutionError,
  MemoryBudgetError,
  MissingRuntimeError,
  NonFiniteRunError,
  PrecisionUnavailableError,
  SessionError,
  UnknownDeviceError,
  WorkerError,
} from './errors.ts'
export type { CompileError, RunError } from './errors.ts'
export { compilerPasses } from './passes.ts'
export type { Pass } from './passes.ts'
export { probeMixedPrecision } from './precision.ts'
export type { Precision } from './precision.ts'
export { probeDevice } from './probe.ts'
export type { Program } from './program.ts'
export { compileStep, compileStepOrThrow } from './step/compile.ts'
export type { CompileStepOptions, Step, Symbolic } from './step/compile.ts'
export type { OnNonFinite } from './step/finite.ts'
export type { RunOptions, Snapshot, StepProgram } from './step/program.ts'
export type { Fuse } from './wasm/plan.ts'
export type { OpProfile } from './apart/events.ts'
export type { PlacedOp, Placement } from './apart/placement.ts'
export type { Profile } from './step/profile.ts'
