import { timedModels } from './models.ts'
import type { Mode } from './modes.ts'

/** One time of the table: of ours by the steps in a run, or of PyTorch. */
export interface Time {
  readonly mode: Mode['name']
  readonly case: string
  readonly stepsPerRun?: number
  readonly msPerStep: number
  readonly peer?: string
}

const shown = (time: Time | undefined): string => (time === undefined ? '' : String(time.msPerStep))

/** Writes times as a table in Markdown: a line for each model and mode. */
export const tableOf = (times: readonly Time[], device: string): string => {
  const peer = times.find((time) => time.peer !== undefined)?.peer ?? 'PyTorch'
  const modes = [...new Set(times.map(({ mode }) => mode))]
  const steps = [...new Set(times.flatMap(({ stepsPerRun }) => stepsPerRun ?? []))]
  const lines = timedModels.flatMap((model) =>
    modes.flatMap((mode) => {
      const own = times.filter((time) => time.case === model && time.mode === mode)
      if (own.length === 0) return []
      const ours = steps.map((count) => shown(own.find((time) => time.peer === undefined && time.stepsPerRun === count)))
      return [`| \`${model}\` | ${mode} | ${[...ours, shown(own.find((time) => time.peer !== undefined))].join(' | ')} |`]
    }),
  )
  const head = ['case', 'precision', ...steps.map((count) => `${count} step${count === 1 ? '' : 's'} per run`), `${peer}, eager`]
  return [`ms per step on ${device}`, '', `| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...lines].join('\n')
}
