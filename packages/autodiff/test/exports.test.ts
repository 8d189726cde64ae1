import * as autodiff from '@grad-ts/autodiff'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(autodiff).toSorted().join(' ')).toMatchInlineSnapshot(
    `"checkpoint grad hessianVectorProduct jvp valueAndGrad valueAndGradWithAux vjp"`,
  )
})
