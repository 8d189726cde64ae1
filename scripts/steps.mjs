// The steps of `npm test`. Each answers with { ok, output } or { passed, failed, output }, or with { skipped: why }.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compile, examples } from './build.mjs'
import { pack } from './pack.mjs'
import { capture, root } from './process.mjs'
import { publicPackages } from './size.mjs'

const command = async (name, ...args) => {
  const { code, output } = await capture(name, args)
  return { ok: code === 0, output }
}

const build = async () => {
  const { code, output } = await compile()
  return { ok: code === 0, output }
}

const types = async () => {
  const examplesOfDocs = await command('node', 'scripts/doctest.mjs')
  return examplesOfDocs.ok ? command('tsc', '-p', 'tsconfig.test.json') : examplesOfDocs
}

/** Files that could not be loaded have no tests to count, so each counts as one failure. */
const countOf = ({ numPassedTests, numFailedTests, testResults }) => {
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + broken.length }
}

const vitest = async () => {
  const report = join(root, 'out/vitest.json')
  rmSync(report, { force: true })
  const { code, output } = await capture('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  if (!existsSync(report)) return { passed: 0, failed: 1, output }
  const { passed, failed } = countOf(JSON.parse(readFileSync(report, 'utf8')))
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, output }
}

/** An example's `smoke` script is its quick variant; without one the whole example runs. */
const runExamples = async () => {
  const results = []
  for (const name of examples()) {
    const cwd = join(root, 'examples', name)
    const { scripts = {} } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
    const { code, output } = await capture(scripts.smoke ?? 'node dist/main.js', [], { cwd, shell: true, timeout: 180_000 })
    results.push({ ok: code === 0, output: `examples/${name}: exit code ${code}\n${output}` })
  }
  if (results.length === 0) return { skipped: 'no examples' }
  const bad = results.filter(({ ok }) => !ok)
  return { passed: results.length - bad.length, failed: bad.length, output: bad.map(({ output }) => output).join('\n') }
}

/** The numbers that other libraries made lie beside the checkout, or where GRAD_TS_GOLDEN says. */
const golden = async () => {
  const folder = process.env.GRAD_TS_GOLDEN ?? join(root, '../shared/golden')
  const cli = join(root, 'packages/bench/dist/golden/cli.js')
  if (!existsSync(folder)) return { skipped: 'no golden numbers beside the checkout' }
  if (!existsSync(cli)) return { skipped: 'packages/bench has no golden/cli.js' }
  const { code, output } = await capture('node', [cli, folder])
  const counts = [...output.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1)
  if (!counts) return { passed: 0, failed: 1, output }
  const [passed, failed] = [Number(counts[1]), Number(counts[2])]
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, output }
}

/** Runs a checker in every public package, two at a time; together they are one step. */
const inPackages =
  (name, ...args) =>
  async () => {
    const waiting = publicPackages()
    const faults = []
    const worker = async () => {
      for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
        const { code, output } = await capture(name, args, { cwd: join(root, folder) })
        if (code !== 0) faults.push(`${folder}\n${output}`)
      }
    }
    await Promise.all([worker(), worker()])
    return { ok: faults.length === 0, output: faults.join('\n') }
  }

export const steps = [
  { name: 'format', run: () => command('oxfmt', '--check') },
  { name: 'build', run: build },
  // The typed rules read the declarations that the build writes.
  { name: 'lint', run: () => command('oxlint', '--type-aware', '--deny-warnings') },
  { name: 'types', run: types },
  { name: 'vitest', run: vitest },
  { name: 'examples', run: runExamples, needsBuild: true },
  { name: 'golden', run: golden, needsBuild: true },
  { name: 'publint', run: inPackages('publint', '--strict'), needsBuild: true },
  { name: 'attw', run: inPackages('attw', '--pack', '--profile', 'esm-only'), needsBuild: true },
  { name: 'docs', run: () => command('node', 'scripts/docs.mjs') },
  { name: 'pack', run: pack, needsBuild: true },
  { name: 'knip', run: () => command('knip', '--no-config-hints') },
]
