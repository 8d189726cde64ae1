/** What came of one case of a fixture. `unknown` names something that has no counterpart here, and counts as failed. */
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

const skippedLines = (file: string, cases: readonly CaseResult[]): string[] => {
  const groups = new Map<string, number>()
  for (const { status, reason = '' } of cases) if (status === 'skipped') groups.set(reason, (groups.get(reason) ?? 0) + 1)
  return [...groups].map(([reason, number]) => `skipped ${file}: ${number} ${number === 1 ? 'case' : 'cases'}: ${reason}`)
}

/** A line for each case that did not pass; skipped cases are grouped by their reason. */
export const linesOf = (file: string, cases: readonly CaseResult[]): string[] => [
  ...cases
    .filter(({ status }) => status === 'failed' || status === 'unknown')
    .map(({ name, status, reason = '' }) => `${status} ${file} ${name}: ${reason}`),
  ...skippedLines(file, cases),
]

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
