import { expect, test } from 'vitest'
import { compileOrThrow, compileStepOrThrow } from '@grad-ts/onnxruntime'
import { add, mul, scalar, sum, tensor, toArray, toNumber } from '@grad-ts/tensor'
test('q', async () => {
  const p = await compileOrThrow((x, y) => add(x, y), [tensor([1, 2]), tensor([3, 4])])
  expect(toArray(await p.runOrThrow(tensor([1, 2]), tensor([3, 4])))).toEqual([4, 6])
  const s = await compileStepOrThrow((t, x) => [add(t, sum(x)), mul(x, 2)] as const, scalar(0), tensor([1, 2]))
  await s.runOrThrow(tensor([1, 2]))
  await s.runOrThrow(tensor([1, 2]))
  expect(toNumber(await s.stateOrThrow())).toBe(6)
  const k = await compileStepOrThrow((t, x) => [add(t, sum(x)), mul(x, 2)] as const, scalar(0), tensor([1, 2]), { stepsPerRun: 2 })
  const o = await k.runOrThrow(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  )
  expect(toArray(o)).toEqual([
    [2, 4],
    [6, 8],
  ])
  expect(toNumber(await k.stateOrThrow())).toBe(10)
})
