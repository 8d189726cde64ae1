import { SingleBar } from 'cli-progress'
import { showValue } from './display.ts'
import type { Display } from './display.ts'

const format = '{title}  {bar}  {value}/{total}  {eta_formatted} left  loss {loss}  {speed} examples/s'

/** A bar that is redrawn in place until a line replaces it. */
export const terminalProgress = (stream: NodeJS.WriteStream): Display => {
  let bar: SingleBar | undefined
  const clear = (): void => {
    bar?.stop()
    bar = undefined
  }
  return {
    show: ({ title, done, total, loss, examplesPerSecond }) => {
      const details = { title, loss: showValue(loss), speed: Math.round(examplesPerSecond) }
      if (bar === undefined) {
        bar = new SingleBar({
          stream,
          format,
          barsize: 24,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          hideCursor: true,
          clearOnComplete: true,
          etaBuffer: 50,
          // Ctrl-C belongs to whoever runs the training.
          gracefulExit: false,
        })
        bar.start(total, done, details)
      }
      bar.update(done, details)
    },
    line: (text) => {
      clear()
      stream.write(`${text}\n`)
    },
    stop: clear,
  }
}
