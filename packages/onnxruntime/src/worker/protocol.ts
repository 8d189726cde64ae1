import type { PlainConstant, StepPlan } from '../step/plan.ts'
import type { StartOptions } from '../step/start.ts'
import type { Fault } from './faults.ts'

/** What the main thread asks of the worker; `program` numbers the programs that the worker holds. */
export type Request =
  | { readonly kind: 'start'; readonly plan: StepPlan; readonly state: readonly PlainConstant[]; readonly options: StartOptions }
  | { readonly kind: 'run'; readonly batch: readonly PlainConstant[] }
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly state: readonly PlainConstant[] }
  | { readonly kind: 'dispose' }

export interface Question {
  readonly id: number
  readonly program: number
  readonly request: Request
}

/** The worker's answer: tensors, or an error. */
export type Answer = { readonly id: number; readonly values: readonly PlainConstant[] } | { readonly id: number; readonly fault: Fault }
