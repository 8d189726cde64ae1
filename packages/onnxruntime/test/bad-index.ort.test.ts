import { expect, test } from 'vitest'
import { compileOrThrow, ExecutionError } from '@grad-ts/onnxruntime'
import { gather, ones, scatterAdd, scatterAddAlong, takeAlongAxis, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

const selections: Record<string, (index: Tensor) => Tensor> = {
  gather: (index) => gather(ones([3]), index),
  takeAlongAxis: (index) => takeAlongAxis(ones([3]), index, 0),
  scatterAdd: (index) => scatterAdd(ones([1]), index, { length: 3 }),
  scatterAddAlong: (index) => scatterAddAlong(ones([1]), index, { length: 3 }),
}

test.each(Object.entries(selections))('%s with an index beyond its axis says what is wrong with the data', async (_, select) => {
  const program = await compileOrThrow(select, [tensor(Int32Array.of(0))])
  const error: unknown = await program.runOrThrow(tensor(Int32Array.of(7))).catch((thrown: unknown) => thrown)
  await program.dispose()
  expect(error).toBeInstanceOf(ExecutionError)
  expect(String(error)).toContain('negative or not below the length of the axis')
})
