import { expectTypeOf, test } from 'vitest'

// Wrong on purpose: alive.test.ts expects this to be reported, which proves that type tests are really checked.
test('a number is a string', () => {
  expectTypeOf<number>().toEqualTypeOf<string>()
})
