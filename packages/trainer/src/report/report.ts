import type { Tensor } from '@grad-ts/tensor'
import { showValue } from '../progress/display.ts'
import type { EpochRecord, History } from '../training/events.ts'
import { alertsOf } from './alerts.ts'
import { confusionChart } from './charts/confusion.ts'
import { lineChart } from './charts/line.ts'
import type { Series } from './charts/line.ts'
import { extentOf } from './extent.ts'
import { escapeHtml, htmlPage, htmlTable } from './html.ts'
import type { Fact, Section } from './html.ts'
import { imageAddress } from './image.ts'

/** A picture with what the model made of it. */
export interface Sample {
  /** `[height, width]` or `[height, width, 3]`, from 0 to 1. */
  readonly image: Tensor
  readonly caption: string
}

export interface ReportOptions {
  readonly title: string
  readonly note?: string
  readonly history: History
  /** Shown large at the top. */
  readonly facts?: readonly Fact[]
  /** `counts[true][predicted]`: a table, or what the metric `confusionMatrix` gives. */
  readonly confusion?: { readonly counts: Tensor | readonly (readonly number[])[]; readonly names: readonly string[] }
  readonly samples?: { readonly title: string; readonly items: readonly Sample[] }
  /** Further boxes. */
  readonly sections?: readonly Section[]
}

const mostPoints = 600

/** Means of neighbours, so that a long run stays a light page. */
const thinned = (values: readonly number[], first: number): { readonly x: number[]; readonly y: number[] } => {
  const width = Math.ceil(values.length / mostPoints)
  const count = width === 0 ? 0 : Math.ceil(values.length / width)
  const parts = Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width))
  return {
    x: parts.map((part, i) => first + i * width + (part.length - 1) / 2),
    y: parts.map((part) => part.reduce((sum, value) => sum + value, 0) / part.length),
  }
}

const overEpochs = (name: string, epochs: readonly EpochRecord[], read: (record: EpochRecord) => number | undefined): Series => {
  const known = epochs.flatMap((record) => {
    const value = read(record)
    return value === undefined ? [] : [{ at: record.step, value }]
  })
  return { name, x: known.map(({ at }) => at), y: known.map(({ value }) => value) }
}

const lossSection = ({ epochs, steps }: History): Section => {
  const series: Series[] = [
    { name: 'batch', ...thinned(steps.loss, 1), faint: true },
    overEpochs('training', epochs, ({ loss }) => loss),
    overEpochs('validation', epochs, ({ validation }) => validation?.loss),
  ].filter(({ x }) => x.length > 0)
  const [low, high] = extentOf(series.flatMap(({ y }) => y))
  const yScale = low > 0 && high / low > 20 ? 'log' : 'linear'
  return { title: 'Loss', body: lineChart({ xLabel: 'step', yLabel: 'loss', series, yScale }) }
}

const metricSections = ({ epochs }: History): Section[] =>
  Object.keys(epochs[0]?.metrics ?? {}).map((name) => ({
    title: name.charAt(0).toUpperCase() + name.slice(1),
    body: lineChart({
      xLabel: 'step',
      yLabel: name,
      series: [
        overEpochs('training', epochs, ({ metrics }) => metrics[name]),
        overEpochs('validation', epochs, ({ validation }) => validation?.metrics[name]),
      ].filter(({ x }) => x.length > 0),
    }),
  }))

const stepSection = (title: string, label: string, values: readonly number[], yScale: 'linear' | 'log'): Section[] =>
  values.length === 0
    ? []
    : [{ title, body: lineChart({ xLabel: 'step', yLabel: label, yScale, series: [{ name: label, ...thinned(values, 1) }] }) }]

const epochTable = ({ epochs }: History): Section => {
  const names = Object.keys(epochs[0]?.metrics ?? {})
  const checked = epochs.some(({ validation }) => validation !== undefined)
  const head = [
    'epoch',
    'loss',
    ...names,
    ...(checked ? ['validation loss', ...names.map((name) => `validation ${name}`)] : []),
    'learning rate',
    'seconds',
  ]
  const show = (value: number | undefined): string => (value === undefined ? '' : showValue(value))
  const rows = epochs.map(({ epoch, loss, metrics, validation, learningRate, seconds }) => [
    String(epoch),
    show(loss),
    ...names.map((name) => show(metrics[name])),
    ...(checked ? [show(validation?.loss), ...names.map((name) => show(validation?.metrics[name]))] : []),
    show(learningRate),
    seconds.toFixed(1),
  ])
  return { title: 'Epochs', kind: 'wide', body: htmlTable(head, rows) }
}

const sampleSection = ({ title, items }: NonNullable<ReportOptions['samples']>): Section => ({
  title,
  kind: 'wide',
  body: `<div class="samples">${items
    .map(
      ({ image, caption }) => `<figure><img alt="" src="${imageAddress(image)}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`,
    )
    .join('')}</div>`,
})

/**
 * Makes a report of a run: one HTML page that opens offline, with curves, learning rate, alerts and what else is given.
 *
 * @example
 * import { reportOf } from '@grad-ts/trainer/report'
 * const steps = { loss: [2, 1], learningRate: [], lossScale: [], gradientNorm: [], updateRatio: [] }
 * const epochs = [{ epoch: 1, step: 2, loss: 1.5, metrics: {}, seconds: 0.1, examples: 8 }]
 * reportOf({ title: 'A run', history: { epochs, steps } }).startsWith('<!doctype html>') // => true
 */
export const reportOf = ({ title, note = '', history, facts = [], confusion, samples, sections = [] }: ReportOptions): string => {
  const alerts = alertsOf(history)
  return htmlPage(title, note, facts, [
    ...(alerts.length === 0
      ? []
      : [{ title: 'Alerts', kind: 'alert' as const, body: alerts.map((text) => `<p>${escapeHtml(text)}</p>`).join('') }]),
    lossSection(history),
    ...metricSections(history),
    ...stepSection('Learning rate', 'learning rate', history.steps.learningRate, 'linear'),
    ...stepSection('Loss scale', 'factor', history.steps.lossScale, 'log'),
    ...stepSection('Gradient norm', 'global norm', history.steps.gradientNorm, 'log'),
    ...stepSection('Update-to-parameter ratio', '‖update‖ / ‖parameters‖', history.steps.updateRatio, 'log'),
    ...(confusion === undefined ? [] : [{ title: 'Confusion matrix', body: confusionChart(confusion.counts, confusion.names) }]),
    ...sections,
    ...(samples === undefined || samples.items.length === 0 ? [] : [sampleSection(samples)]),
    epochTable(history),
  ])
}
