import { ExecutionError, MissingRuntimeError, NonFiniteRunError, reasonOf, SessionError } from '../errors.ts'

/** An error as plain data, since threads do not pass classes on. */
export interface Fault {
  readonly tag: string | undefined
  readonly reason: string
  readonly facts: { readonly device?: string; readonly part?: 'outputs' | 'state'; readonly step?: number | undefined }
}

export const faultOf = (error: unknown): Fault => {
  const reason = reasonOf(error instanceof Error ? (error.cause ?? error) : error)
  const tag = error instanceof Error && 'tag' in error ? String(error.tag) : undefined
  if (error instanceof SessionError) return { tag, reason, facts: { device: error.device } }
  if (error instanceof NonFiniteRunError) return { tag, reason, facts: { part: error.part, step: error.step } }
  return { tag, reason, facts: {} }
}

/** The error that a fault stands for; what has no tag of its own failed while it ran. */
export const errorOf = ({ tag, reason, facts: { device = '', part = 'outputs', step } }: Fault): Error => {
  switch (tag) {
    case 'MissingRuntimeError':
      return new MissingRuntimeError(reason)
    case 'SessionError':
      return new SessionError(device, reason)
    case 'NonFiniteRunError':
      return new NonFiniteRunError(part, step)
    default:
      return new ExecutionError(reason)
  }
}
