import { add, asTensor, cast, greaterEqual, isTensor, maximum, minimum, mul, reciprocal, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { isNode, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define, floatDType } from '../define.ts'
import { SpecError } from '../errors.ts'
import { staticNumber, transformation, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { allFinite } from '../numerics/finite.ts'
import { select, zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation } from '../transformation.ts'

/** The factor of the loss, and the inner state. */
export type StaticLossScaleState<Inner extends Tree<Tensor> = Tree<Tensor>> = { readonly lossScale: Tensor; readonly inner: Inner }

/** The factor of the loss, finite steps in a row since it changed, steps left out in all, and the inner state. */
export type DynamicLossScaleState<Inner extends Tree<Tensor> = Tree<Tensor>> = StaticLossScaleState<Inner> & {
  readonly goodSteps: Tensor
  readonly skipped: Tensor
}

/** The state of either; `goodSteps` and `skipped` are there when the scale is dynamic. */
export type LossScaling = StaticLossScaleState & Partial<Pick<DynamicLossScaleState, 'goodSteps' | 'skipped'>>

/** Options of dynamic loss scaling. */
export interface DynamicLossScaleOptions {
  /** The first factor; default 2¹⁵. */
  readonly initialScale?: number
  /** Finite steps in a row after which the factor grows, a whole number ≥ 1; default 2000. */
  readonly growthInterval?: number
  /** What it grows by, > 1; default 2. */
  readonly growthFactor?: number
  /** What it shrinks by after a step that overflowed, in (0, 1); default 0.5. */
  readonly backoffFactor?: number
  /** The smallest factor, > 0; default 1. */
  readonly minScale?: number
  /** The largest factor; default 2²⁴. */
  readonly maxScale?: number
}

type Complete = Required<DynamicLossScaleOptions>

/** Divides in float32 at least: a scale may be larger than float16 can hold. */
const unscaled = (updates: Tree<Tensor>, scale: Tensor): Tree<Tensor> => {
  const factor = reciprocal(scale)
  return map((g: Tensor) => {
    if (g.dtype === 'float16') return cast(mul(cast(g, 'float32'), cast(factor, 'float32')), 'float16')
    return mul(g, cast(factor, g.dtype))
  }, updates)
}

const adjusted = (
  { growthInterval, growthFactor, backoffFactor, minScale, maxScale }: Complete,
  { lossScale, goodSteps, skipped }: DynamicLossScaleState,
  finite: Tensor,
) => {
  const count = add(goodSteps, 1)
  const isDue = greaterEqual(count, growthInterval)
  const grown = where(isDue, minimum(mul(lossScale, growthFactor), maxScale), lossScale)
  return {
    lossScale: where(finite, grown, maximum(mul(lossScale, backoffFactor), minScale)),
    goodSteps: where(finite, where(isDue, 0, count), 0),
    skipped: where(finite, skipped, increment(skipped)),
  }
}

const checkOrder = ({ initialScale, minScale, maxScale }: Complete): void => {
  if (initialScale < minScale || initialScale > maxScale)
    throw new SpecError('dynamicLossScale.initialScale', `a number from minScale ${minScale} to maxScale ${maxScale}`, String(initialScale))
}

export const dynamicLossScaleOf = define<DynamicLossScaleOptions & { readonly inner: GradientTransformation }, DynamicLossScaleState>(
  'dynamicLossScale',
  {
    inner: transformation(),
    initialScale: staticNumber({ above: 0 }, 2 ** 15),
    growthInterval: wholeNumber(1, 2000),
    growthFactor: staticNumber({ above: 1 }, 2),
    backoffFactor: staticNumber({ above: 0, below: 1 }, 0.5),
    minScale: staticNumber({ above: 0 }, 1),
    maxScale: staticNumber({ above: 0 }, 2 ** 24),
  },
  ({ inner, ...options }) => {
    checkOrder(options)
    return {
      init: (params) => ({
        lossScale: asTensor(options.initialScale, floatDType(params)),
        goodSteps: counter(),
        skipped: counter(),
        inner: inner.init(params),
      }),
      update: (updates, state, context) => {
        const gradient = unscaled(updates, state.lossScale)
        const finite = allFinite(gradient)
        const [next, after] = inner.update(gradient, state.inner, context)
        return [
          select(finite, next, zerosLikeTree(next)),
          { ...adjusted(options, state, finite), inner: select(finite, after, state.inner) },
        ]
      },
    }
  },
)

/**
 * Divides the gradients of a scaled loss by the scale, and finds the scale: as large as float16 can bear, so that small gradients are not
 * rounded to zero. The caller multiplies the loss by `lossScaleOf(state)` before it takes the gradient.
 *
 * g/scale goes to the inner rule; if an element is NaN or infinite, the update is 0, the inner state stays and
 * scale ← max(scale·backoffFactor, minScale); after growthInterval finite steps in a row scale ← min(scale·growthFactor, maxScale)
 *
 * @param inner what is to see the true gradients: the optimizer, with clipping in front of it
 * @throws {SpecError} when a number is out of range
 * @example
 * import { dynamicLossScale, lossScaleOf, sgd } from '@grad-ts/optim'
 * import { mul, tensor, toArray, toNumber } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = dynamicLossScale(sgd({ learningRate: 1 }), { initialScale: 8 })
 * const state = solver.init(tensor([0]))
 * const gradient = mul(tensor([0.5]), lossScaleOf(state)) // of 8 times the loss
 * toArray(solver.update(gradient, state)[0] as Tensor) // => [-0.5]
 * const [updates, after] = solver.update(tensor([Infinity]), state)
 * toArray(updates as Tensor) // => [0]
 * toNumber(lossScaleOf(after)) // => 4
 * @see Micikevicius et al., Mixed Precision Training, 2017, arXiv:1710.03740. The rule is that of PyTorch's GradScaler (which starts at
 *   2¹⁶), of Keras' LossScaleOptimizer and of jmp; the first two have no bounds, jmp has the lower one.
 */
export const dynamicLossScale = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  options: DynamicLossScaleOptions = {},
): GradientTransformation<DynamicLossScaleState<State>> =>
  dynamicLossScaleOf({ inner, ...options }) as unknown as GradientTransformation<DynamicLossScaleState<State>>

export const staticLossScaleOf = define<{ readonly inner: GradientTransformation; readonly scale: number }, StaticLossScaleState>(
  'staticLossScale',
  { inner: transformation(), scale: staticNumber({ above: 0 }) },
  ({ inner, scale }) => ({
    init: (params) => ({ lossScale: asTensor(scale, floatDType(params)), inner: inner.init(params) }),
    update: (updates, { lossScale, inner: before }, context) => {
      const [next, after] = inner.update(unscaled(updates, lossScale), before, context)
      return [next, { lossScale, inner: after }]
    },
  }),
)

/**
 * Divides the gradients of a scaled loss by a scale that stays. It does not look for overflow: put `guardNonFinite` inside where it may come.
 *
 * @param inner what is to see the true gradients
 * @param scale a number > 0, such as 1024
 * @example
 * import { lossScaleOf, sgd, staticLossScale } from '@grad-ts/optim'
 * import { mul, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = staticLossScale(sgd({ learningRate: 1 }), 8)
 * const state = solver.init(tensor([0]))
 * toArray(solver.update(mul(tensor([0.5]), lossScaleOf(state)), state)[0] as Tensor) // => [-0.5]
 */
export const staticLossScale = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  scale: number,
): GradientTransformation<StaticLossScaleState<State>> =>
  staticLossScaleOf({ inner, scale }) as unknown as GradientTransformation<StaticLossScaleState<State>>

/**
 * Finds the state of the loss scaling inside that of a composition, however deep.
 *
 * @returns null when nothing in it scales the loss
 */
export const lossScalingOf = (state: Tree<Tensor>): LossScaling | null => {
  if (state === null || !isNode(state)) return null
  if (isTensor((state as Partial<StaticLossScaleState>).lossScale)) return state as LossScaling
  for (const part of Object.values(state)) {
    const found = lossScalingOf(part as Tree<Tensor>)
    if (found !== null) return found
  }
  return null
}

/**
 * Gives the factor of the loss that the state of a solver asks for, a float scalar; 1 when nothing in it scales the loss.
 *
 * @param state that of `dynamicLossScale` or `staticLossScale`, or of a composition that holds one
 */
export const lossScaleOf = (state: Tree<Tensor>): Tensor => lossScalingOf(state)?.lossScale ?? asTensor(1, 'float32')
