import * as nn from '@grad-ts/nn'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(nn).toSorted().join(' ')).toMatchSnapshot()
})
