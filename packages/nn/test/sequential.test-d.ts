import { key, ones } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { expectTypeOf, test } from 'vitest'
import { batchNorm, dense, lstm, relu, residual, sequential } from '@grad-ts/nn'
import type { KernelAndBias, Layer, RunningStatistics, ScaleAndBias } from '@grad-ts/nn'

const model = sequential({
  hidden: dense({ in: 2, out: 3 }),
  norm: batchNorm({ features: 3 }),
  relu,
  out: residual(dense({ in: 3, out: 3 })),
})

test('parameters and state are typed by their parts', () => {
  const params = model.init(key(0))
  expectTypeOf(params.hidden).toExtend<KernelAndBias>()
  expectTypeOf(params.norm).toExtend<ScaleAndBias>()
  expectTypeOf(params.relu).toEqualTypeOf<null>()
  expectTypeOf(params.out.inner.kernel).toEqualTypeOf<Tensor>()
  expectTypeOf(model.initState().norm).toExtend<RunningStatistics>()
  expectTypeOf(model.apply(params, ones([1, 2]))).toEqualTypeOf<Tensor>()
})

test('parts given as arguments are typed by position', () => {
  const [first, activation] = sequential(dense({ in: 2, out: 3 }), relu).init(key(0))
  expectTypeOf(first.kernel).toEqualTypeOf<Tensor>()
  expectTypeOf(activation).toEqualTypeOf<null>()
})

test('every model is a layer, and parameters of another model are refused', () => {
  expectTypeOf(model).toExtend<Layer>()
  expectTypeOf(lstm({ in: 2, size: 3 })).toExtend<Layer>()
  // @ts-expect-error The parameters lack the norm and the output.
  model.apply({ hidden: dense({ in: 2, out: 3 }).init(key(0)) }, ones([1, 2]))
})
