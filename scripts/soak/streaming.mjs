// Training through a file of 2 GB keeps the resident memory flat. Ctrl-C removes the file.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../process.mjs'

const bytes = Number(process.env.GRAD_TS_STREAMING_BYTES ?? 2 * 2 ** 30)

const streaming = (format, size) => ({
  name: `streaming ${format}`,
  run: async () => {
    const { soakStreaming } = await import(pathToFileURL(join(root, 'packages/bench/dist/streaming.js')).href)
    try {
      const found = await soakStreaming(format, size)
      const [first, ...later] = found.megabytesResident
      return {
        // What grows with the file would grow by far more.
        ok: Math.max(...later) - first < 100 && found.lastLoss < found.firstLoss / 10,
        figures: `${found.megabytesOfFile} MB, ${found.examples} examples in ${found.seconds} s, resident MB at each tenth ${found.megabytesResident.join(' ')}, loss ${found.firstLoss.toFixed(3)} -> ${found.lastLoss.toFixed(5)}`,
      }
    } catch (error) {
      if (error.exitCode === undefined && error.name !== 'AbortError') throw error
      process.exit(error.exitCode ?? 130)
    }
  },
})

// Tables of text are read at a tenth of the speed, so theirs is smaller.
export const soaks = [streaming('jsonl', bytes), streaming('csv', bytes / 8)]
