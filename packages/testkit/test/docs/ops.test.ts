import { expect, test } from 'vitest'
import { toModel } from '@grad-ts/onnx'
import { matmul, mul, ones, scan, trace } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { opsOfModel } from './model-ops.ts'
import { opsPage } from './page.ts'

test('docs/ops.md says what the tables say', async () => {
  await expect(opsPage()).toMatchFileSnapshot('../../../../docs/ops.md')
})

test('the reader of models finds nodes in subgraphs too', () => {
  const loop = (x: Tensor): Tensor =>
    scan((carry: Tensor, step: Tensor) => [mul(carry, step), carry] as const, ones([]), x, { unroll: 1 })[1]
  const graph = trace((x: Tensor) => matmul(x, x), [ones([2, 2])])
  expect(opsOfModel(toModel(graph))).toEqual(['MatMul'])
  expect(opsOfModel(toModel(trace(loop, [ones([4])])))).toEqual(expect.arrayContaining(['Loop', 'Mul']))
  expect(opsOfModel(toModel(trace(loop, [ones([4])]), { target: 'webgpu' }))).not.toContain('Loop')
})
