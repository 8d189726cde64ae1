import type { Display } from './display.ts'

/** Lines only, for logs and pipes. */
export const plainProgress = (stream: NodeJS.WritableStream): Display => ({
  show: () => undefined,
  line: (text) => void stream.write(`${text}\n`),
  stop: () => undefined,
})
