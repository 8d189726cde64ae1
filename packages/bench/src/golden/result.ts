/** What came of one case of a fixture. `unknown` is a name that has no rule yet, and counts as failed. */
export interface CaseResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'unknown'
  readonly reason?: string
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 }

export const count = (counts: Counts, { status }: CaseResult): Counts => ({
  passed: counts.passed + Number(status === 'passed'),
  failed: counts.failed + Number(status === 'failed' || status === 'unknown'),
  skipped: counts.skipped + Number(status === 'skipped'),
})

/** One line for a case that did not pass, nothing for one that did. */
export const lineOf = (file: string, { name, status, reason }: CaseResult): string | undefined =>
  status === 'passed' ? undefined : `${status} ${file} ${name}${reason === undefined ? '' : `: ${reason}`}`

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
