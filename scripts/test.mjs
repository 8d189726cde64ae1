// npm test: every check, in order. Its last line is `N passed, N failed`.

import { bootstrap } from './bootstrap.mjs'

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

await bootstrap()

// The steps use installed packages, which a fresh clone has only from here on.
const { steps } = await import('./steps.mjs')

/** Names of steps given as arguments leave the others out. */
const wanted = process.argv.slice(2)
const chosen = steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

let passed = 0
let failed = 0
let built = true

for (const { name, run, needsBuild } of chosen) {
  const start = performance.now()
  const result = needsBuild && !built ? { skipped: 'the build failed' } : await run()
  if (result.skipped !== undefined) {
    console.log(`- ${name.padEnd(9)} skipped: ${result.skipped}`)
    continue
  }
  const counts = { passed: result.passed ?? Number(result.ok), failed: result.failed ?? Number(!result.ok) }
  passed += counts.passed
  failed += counts.failed
  if (name === 'build') built = counts.failed === 0
  if (counts.failed > 0) console.log(result.output.trimEnd())
  const detail = result.ok === undefined ? `${counts.passed} passed, ${counts.failed} failed, ` : ''
  console.log(`${counts.failed > 0 ? '✗' : '✓'} ${name.padEnd(9)} ${detail}${seconds(start)}`)
}

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
