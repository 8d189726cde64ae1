import * as tensor from '@grad-ts/tensor'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(tensor).toSorted().join(' ')).toMatchSnapshot()
})
