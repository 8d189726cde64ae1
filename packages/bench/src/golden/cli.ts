import { dirname, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { replayAll } from './pool.ts'
import { count, linesOf, messageOf, none } from './result.ts'
import { filesBelow } from './walk.ts'

const usage = `golden DIR… [--processes N]
Replays fixtures made by other libraries: every JSON file below the folders, or the files, that are given.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { processes: { type: 'string', default: '2' }, help: { type: 'boolean', default: false } },
})

// Read by the fixtures beside them, or by people.
const companions = /\.(?:onnx|data|md)$/

/** A path from the folder above the one that was asked for. */
const shownName = (path: string): string => {
  const start = positionals.find((each) => resolve(path).startsWith(resolve(each))) ?? path
  return relative(dirname(resolve(start)), resolve(path))
}

const main = async (): Promise<number> => {
  const files = (await Promise.all(positionals.map(filesBelow))).flat().filter((path) => !companions.test(path))
  let counts = none
  for await (const { path, cases } of replayAll(files, Number(values.processes))) {
    const shown = shownName(path)
    if (cases === undefined) console.log(`ignored ${shown}: not a fixture`)
    else for (const line of linesOf(shown, cases)) console.log(line)
    counts = (cases ?? []).reduce(count, counts)
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0 ? 0 : 1
}

if (values.help) console.log(usage)
else if (positionals.length === 0) {
  console.error(usage)
  process.exitCode = 2
} else
  process.exitCode = await main().catch((error: unknown) => {
    console.error(messageOf(error))
    return 2
  })
