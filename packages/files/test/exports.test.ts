import * as files from '@grad-ts/files'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(files).toSorted().join(' ')).toMatchSnapshot()
})
