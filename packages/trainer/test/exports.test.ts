import * as trainer from '@grad-ts/trainer'
import * as report from '@grad-ts/trainer/report'
import { expect, test } from 'vitest'

test('the entries export these names', () => {
  expect(Object.keys(trainer).toSorted().join(' ')).toMatchSnapshot()
  expect(Object.keys(report).toSorted().join(' ')).toMatchSnapshot()
})
