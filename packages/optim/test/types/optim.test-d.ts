import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { expectTypeOf, test } from 'vitest'
import { adam, adamw, applyUpdates, chain, clip, namedChain, rmsprop, scaleByAdam, sgd, trace } from '../../src/index.ts'
import type { GradientTransformation, ScaleByAdamState, StateOf, TraceState } from '../../src/index.ts'

test('chain infers the tuple of its states', () => {
  const solver = chain(clip(1), scaleByAdam(), trace(0.9))
  expectTypeOf<StateOf<typeof solver>[1]>().toExtend<ScaleByAdamState>()
  expectTypeOf<StateOf<typeof solver>[2]>().toExtend<TraceState>()
  const named = namedChain({ momentum: trace(0.9) })
  expectTypeOf<StateOf<typeof named>['momentum']>().toExtend<TraceState>()
})

test('applyUpdates keeps the type of the parameters', () => {
  const params = {} as { readonly w: Tensor }
  expectTypeOf(applyUpdates(params, {} as Tree<Tensor>)).toEqualTypeOf<{ readonly w: Tensor }>()
})

test('every transformation is a GradientTransformation', () => {
  expectTypeOf(adam({ learningRate: 0.1 })).toExtend<GradientTransformation>()
  expectTypeOf(chain(clip(1), sgd({ learningRate: 0.1 }))).toExtend<GradientTransformation>()
})

test('wrong options do not compile', () => {
  // @ts-expect-error a learning rate is needed
  adam({})
  // @ts-expect-error no such option
  adam({ learningRate: 0.1, beta1: 0.9 })
  // @ts-expect-error no such dialect
  rmsprop({ learningRate: 0.1, dialect: 'jax' })
  // @ts-expect-error a mask is no number
  adamw({ learningRate: 0.1, mask: 1 })
  // @ts-expect-error parts of a chain are transformations
  chain(0.1)
})
