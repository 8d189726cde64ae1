// The same comparisons without a test runner, for examples that plain Node runs.

import assert from 'node:assert/strict'
import { settle, written } from './compare.mjs'

export { cut, digits } from './compare.mjs'

export const same = (actual, expected) => assert.deepEqual(settle(actual, expected), written(expected))

export const throws = async (run, text) => {
  await assert.rejects(
    async () => run(),
    (error) => `${error.name}: ${error.message}`.includes(text),
  )
}
