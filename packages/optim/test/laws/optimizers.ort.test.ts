import { describe, test } from 'vitest'
import { agreesOn } from './agreement.ts'
import { make, optimizers } from './table.ts'

describe('three steps in one loop of ONNX Runtime equal three steps in the interpreter', () => {
  test.each(optimizers.map((row) => [row[0], row] as const))('%s', (_, row) => agreesOn('cpu', make(row), 1e-5))
})
