import type { EventOf, TrainEvent } from '../training/events.ts'
import { showValue } from './display.ts'
import type { Display } from './display.ts'
import { plainProgress } from './plain.ts'

export interface ProgressOptions {
  /** Default: standard error. */
  readonly stream?: NodeJS.WriteStream
}

const showMetrics = (prefix: string, metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `  ${prefix}${name} ${showValue(value)}`)
    .join('')

const epochLine = ({ record }: EventOf<'epoch'>, epochs: number | undefined): string => {
  const { validation, learningRate } = record
  const checked =
    validation === undefined ? '' : `  validation loss ${showValue(validation.loss)}${showMetrics('validation ', validation.metrics)}`
  const rate = learningRate === undefined ? '' : `  learning rate ${showValue(learningRate)}`
  const title = epochs === undefined ? `epoch ${record.epoch}` : `epoch ${record.epoch}/${epochs}`
  return `${title}  ${record.seconds.toFixed(1)} s  loss ${showValue(record.loss)}${showMetrics('', record.metrics)}${checked}${rate}`
}

/**
 * Makes an observer that shows progress: a bar with the time left on a terminal, a plain line per epoch elsewhere.
 *
 * @example
 * import { progressBar } from '@grad-ts/trainer'
 * typeof progressBar() // => 'function'
 */
export const progressBar = ({ stream = process.stderr }: ProgressOptions = {}): ((event: TrainEvent) => Promise<void>) => {
  const open = async (): Promise<Display> =>
    stream.isTTY ? (await import('./terminal.ts')).terminalProgress(stream) : plainProgress(stream)
  let display: Display | undefined
  let start: EventOf<'started'> | undefined
  let epochStart = performance.now()
  let examples = 0
  return async (event) => {
    display ??= await open()
    switch (event.tag) {
      case 'started':
        start = event
        epochStart = performance.now()
        break
      case 'step': {
        examples += event.examples
        const title = start?.epochs === undefined ? `epoch ${event.epoch}` : `epoch ${event.epoch}/${start.epochs}`
        const seconds = (performance.now() - epochStart) / 1000
        display.show({
          title,
          done: event.batch,
          total: start?.stepsPerEpoch ?? 0,
          loss: event.loss,
          examplesPerSecond: examples / seconds,
        })
        break
      }
      case 'epoch':
        display.line(epochLine(event, start?.epochs))
        epochStart = performance.now()
        examples = 0
        break
      case 'learningRateChanged':
        display.line(`step ${event.step}  learning rate ${showValue(event.from)} -> ${showValue(event.to)}: ${event.reason}`)
        break
      case 'failed':
      case 'stopped':
        display.stop()
        break
      case 'evaluation':
      case 'checkpoint':
        break
    }
  }
}
