import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { replayAll } from './pool.ts'
import { count, lineOf, none } from './result.ts'
import type { Counts } from './result.ts'
import { filesBelow } from './walk.ts'

// Read by the fixtures beside them, or by people.
const companions = /\.(?:onnx|data|md)$/

const main = async (folder: string): Promise<Counts> => {
  const paths = (await filesBelow(folder)).filter((path) => !companions.test(path))
  let counts = none
  for await (const { path, isFixture, cases } of replayAll(paths, availableParallelism())) {
    if (!isFixture) console.log(`ignored ${relative(folder, path)}: not a fixture`)
    for (const result of cases) {
      counts = count(counts, result)
      const line = lineOf(relative(folder, path), result)
      if (line !== undefined) console.log(line)
    }
  }
  return counts
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: npm run golden -- DIR, where DIR is a folder of fixtures')
  process.exitCode = 2
} else {
  const { passed, failed, skipped } = await main(folder)
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  if (failed > 0) process.exitCode = 1
}
