import type { AttributeValue, Values } from './build.ts'

/** One use of an operator: float inputs are fed (and differentiated), the rest are constants. */
export interface Example {
  readonly op: string
  readonly inputs: readonly (Values | null)[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly opset?: number
  readonly domain?: string
  readonly outputs?: number
  /** ONNX Runtime has no kernel, or another result where the standard leaves a choice. */
  readonly withoutRuntime?: boolean
  /** Which inputs are constants although they are floats: scales of quantised numbers, bounds. */
  readonly constants?: readonly number[]
  /** Not smooth where it stands. */
  readonly rough?: boolean
}

/** Operators on graphs and sequences, which have tests of their own. */
export const controlOps: readonly string[] = (
  'If Loop Scan Optional OptionalGetElement OptionalHasElement ConcatFromSequence SplitToSequence SequenceAt SequenceConstruct ' +
  'SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap'
).split(' ')
