import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { isOnnxError } from '../../src/import/errors.ts'
import { fromOnnxBytes } from '../../src/index.ts'
import { examples } from './examples.ts'
import { mutate, randomFrom } from './mutate.ts'
import { bytesOf } from './run.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

describe('damaged files', () => {
  it(`end in a model or a typed error (FUZZ_SEED=${seed})`, () => {
    console.log(`FUZZ_SEED=${seed}`)
    const random = randomFrom(seed)
    const files = examples.map((example) => bytesOf(example, 'weights'))
    for (let i = 0; i < 4000; i++) {
      const bytes = mutate(files[i % files.length] as Uint8Array, random)
      const result = fromOnnxBytes(bytes)
      if (E.isLeft(result)) expect(isOnnxError(result.left) && result.left.message.length > 0, `file ${i}`).toBe(true)
      else expect(Object.keys(result.right.outputs).length).toBeGreaterThanOrEqual(0)
    }
  })
})
