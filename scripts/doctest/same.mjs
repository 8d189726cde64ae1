// What the generated tests compare with.

import { expect } from 'vitest'
import { settle, written } from './compare.mjs'

export { test } from 'vitest'
export { cut, digits } from './compare.mjs'

/** Asserts that the values of an example are the ones written in its comment. */
export const same = (actual, expected) => {
  expect(settle(actual, expected)).toEqual(written(expected))
}

/** Asserts that an example throws; `text` is part of the error's name and message. */
export const throws = async (run, text) => {
  const error = await Promise.resolve()
    .then(run)
    .then(
      () => undefined,
      (reason) => reason,
    )
  expect(error, 'expected the example to throw').toBeDefined()
  expect(`${error.name}: ${error.message}`).toContain(text)
}
