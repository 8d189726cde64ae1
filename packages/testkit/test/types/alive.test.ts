import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const vitest = fileURLToPath(new URL('../vitest.mjs', import.meta.resolve('vitest')))

test('the type tests are alive: a planted wrong one fails', () => {
  const run = spawnSync(process.execPath, [vitest, 'run', '--typecheck.only', 'planted'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], PLANTED_TYPE_TEST: '1', NO_COLOR: '1' },
  })
  expect(run.stdout + run.stderr).toContain('a number is a string')
  expect(run.stdout).toMatch(/Tests +1 failed/)
  expect(run.status).toBe(1)
})
