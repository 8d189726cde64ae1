import * as transformers from '@grad-ts/transformers'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(transformers).toSorted().join(' ')).toMatchSnapshot()
})
