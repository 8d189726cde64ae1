import { abs, add, clamp, div, equal, full, maximum, mul, neg, sqrt, square, sum, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { nonNegative, staticNumber, transformation, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { globalNorm } from '../numerics/norms.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { addScaled, select, subTrees, vdotTrees } from '../numerics/trees.ts'
import type { GradientTransformation, Hyperparameter } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** Steps made; for each decay rate wealth r, largest gain m, squared gains v and scale s; the start; the inner state. */
export type MechanizeState<Inner extends Tree<Tensor> = Tree<Tensor>> = {
  readonly count: Tensor
  readonly r: Tensor
  readonly m: Tensor
  readonly v: Tensor
  readonly s: Tensor
  readonly initParams: Tree<Tensor>
  readonly inner: Inner
}

/** Options of Mechanic. */
export interface MechanizeOptions {
  /** Pull towards zero, ≥ 0; default 0.01. */
  readonly weightDecay?: Hyperparameter
  /** Against division by zero; default 1e-8. */
  readonly eps?: Hyperparameter
  /** First scale; default 1e-6. */
  readonly sInit?: number
  /** Number of decay rates 1 − 0.1ⁱ; default 6. */
  readonly numBetas?: number
}

export const mechanizeOf = define<MechanizeOptions & { readonly inner: GradientTransformation }, MechanizeState>(
  'mechanize',
  {
    inner: transformation(),
    weightDecay: nonNegative(0.01),
    eps: nonNegative(1e-8),
    sInit: staticNumber({ above: 0 }, 1e-6),
    numBetas: wholeNumber(1, 6),
  },
  ({ inner, weightDecay, eps, sInit, numBetas }) => ({
    init: (params) => {
      const dtype = floatDType(params)
      const zero = full([numBetas], 0, dtype)
      return {
        count: counter(),
        r: zero,
        m: zero,
        v: zero,
        s: full([numBetas], sInit, dtype),
        initParams: params,
        inner: inner.init(params),
      }
    },
    update: (updates, state, context) => {
      const params = paramsOf('mechanize', context)
      const dtype = floatDType(updates)
      const small = asScalar(eps, dtype)
      const [steps, innerState] = inner.update(updates, state.inner, context)
      const start = select(equal(state.count, 0), params, state.initParams)
      const scale = sum(state.s)
      const pull = div(mul(mul(asScalar(weightDecay, dtype), scale), globalNorm(updates)), add(globalNorm(params), small))
      const gradient = addScaled(updates, pull, params)
      const travelled = map((d: Tensor) => div(d, at(add(scale, small), d)), subTrees(start, params))
      const direction = subTrees(travelled, steps)
      const gain = vdotTrees(gradient, travelled)
      const betas = tensor(
        Array.from({ length: numBetas }, (_, i) => 1 - 0.1 ** (i + 1)),
        { dtype },
      )
      const bounded = clamp(mul(full([numBetas], 1, dtype), gain), neg(state.m), state.m)
      const m = maximum(mul(betas, state.m), add(abs(gain), small))
      const v = add(mul(square(betas), state.v), square(gain))
      const r = add(mul(betas, state.r), mul(bounded, state.s))
      const wealth = add(mul(m, sInit / numBetas), maximum(r, 0))
      const s = div(wealth, add(sqrt(v), small))
      const target = addScaled(start, neg(sum(s)), direction)
      return [subTrees(target, params), { count: increment(state.count), r, m, v, s, initParams: start, inner: innerState }]
    },
  }),
)

/**
 * Learns the learning rate of any optimizer by betting on its direction.
 *
 * @param inner an optimizer with learning rate 1 (times its schedule)
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, mechanize, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = mechanize(sgd({ learningRate: 1 }), { sInit: 0.5, eps: 0.25 })
 * const params = tensor([1])
 * const [updates] = solver.update(tensor([4]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [-1]
 * @see Cutkosky et al., Mechanic: A Learning Rate Tuner, 2023, arXiv:2306.00144
 */
export const mechanize = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: MechanizeOptions = {},
): GradientTransformation<MechanizeState<State>> =>
  mechanizeOf({ inner, ...options }) as unknown as GradientTransformation<MechanizeState<State>>
