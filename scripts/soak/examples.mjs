// The examples that prove training end to end, run whole: each has to reach its score, and the first within ten minutes.

import { join } from 'node:path'
import { capture, root } from '../process.mjs'

const minutes = 60_000

const bounds = [
  { example: 'digits-cnn', figure: /test accuracy ([\d.]+)/, holds: (value) => value >= 0.99, needs: 'at least 0.99', limit: 10 * minutes },
  { example: 'char-gpt', figure: /validation loss ([\d.]+)/, holds: (value) => value < 2, needs: 'below 2.0', limit: 30 * minutes },
  {
    example: 'fine-tune-onnx',
    figure: /accuracy ([\d.]+) fine-tuned/,
    holds: (value) => value >= 0.95,
    needs: 'at least 0.95',
    limit: 10 * minutes,
  },
  { example: 'spam', figure: /^accuracy ([\d.]+)/m, holds: (value) => value >= 0.97, needs: 'at least 0.97', limit: 10 * minutes },
]

const judge = (bound, code, output) => {
  const found = bound.figure.exec(output)
  if (code !== 0 || found === null) return { ok: false, figures: `exit code ${code}, printed:\n${output.slice(-2000)}` }
  return { ok: bound.holds(Number(found[1])), figures: `${found[0]} (needs ${bound.needs})` }
}

export const soaks = bounds.map((bound) => ({
  name: `example ${bound.example}`,
  run: async () => {
    const cwd = join(root, 'examples', bound.example)
    const { code, output } = await capture(process.execPath, ['dist/main.js'], { cwd, timeout: bound.limit })
    return judge(bound, code, output)
  },
}))
