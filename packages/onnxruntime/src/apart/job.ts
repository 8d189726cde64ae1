import type { SessionOptions } from '../session.ts'

/** What a process of its own does with a model: it builds the session, and may run it once while it records every op. */
export interface Job extends Pick<SessionOptions, 'device' | 'threads' | 'frugal'> {
  readonly record: boolean
}

/** The files by which the two processes talk, in a folder that both know. */
export const jobFile = 'job.json'
export const modelFile = 'model.onnx'
export const recordPrefix = 'record'
