import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'

/** What a layer may need to know besides its parameters and its input. */
export interface Context {
  /** Whether the model is being trained (dropout drops, batch norm uses the batch's statistics). Default false. */
  readonly training?: boolean
  /** Randomness for this call, int32 `[2]`. Only layers that draw while training need it. */
  readonly key?: Tensor
  /** Which positions of a padded sequence are real: bool `[batch, time]`. */
  readonly mask?: Tensor
  /** Which place of its sequence each step has, int32 `[batch, time]`: for layers that tell positions. Default: 0, 1, 2, … */
  readonly positions?: Tensor
  /** How much each row counts, `[batch]`, 0 for rows that only fill the batch up: statistics of the batch leave those out. */
  readonly weights?: Tensor
}

/** The context of `apply`: as above, and the running state of layers that have one. */
export interface EvaluationContext<State extends Tree<Tensor>> extends Context {
  readonly state?: State
}

/**
 * A layer: plain data and pure functions. `apply(params, x)` is all that most models need. A layer with running statistics
 * also has a state, which is given in and handed back by `applyWithState` and never kept inside.
 */
export interface Layer<
  Params extends Tree<Tensor> = Tree<Tensor>,
  State extends Tree<Tensor> = Tree<Tensor>,
  Input = Tensor,
  Output = Tensor,
> {
  /** What kind of layer it is. */
  readonly name: string
  /** Draws the parameters; the same key gives the same parameters. */
  init(this: void, key: Tensor): Params
  /** The running state before the first step; `null` when the layer has none. */
  initState(this: void): State
  /** Computes the output. A layer with state reads it from the context (default: its initial state). */
  apply(this: void, params: Params, x: Input, context?: EvaluationContext<State>): Output
  /** Computes the output and the next state. */
  applyWithState(this: void, params: Params, state: State, x: Input, context?: Context): readonly [Output, State]
}

/** A layer without parameters that is only a function, such as an activation. */
export type TensorFunction = (x: Tensor) => Tensor

/**
 * Makes a layer without running state from its two functions.
 *
 * @example
 * import { ones, mul, toArray } from '@grad-ts/tensor'
 * import { statelessLayer } from '@grad-ts/nn'
 * const scale = statelessLayer({ name: 'scale', init: () => ({ factor: ones([]) }), apply: (params, x) => mul(x, params.factor) })
 * toArray(scale.apply(scale.init(ones([2], 'int32')), ones([2]))) // => [1, 1]
 */
export const statelessLayer = <Params extends Tree<Tensor>, Input = Tensor, Output = Tensor>(definition: {
  readonly name: string
  readonly init: (key: Tensor) => Params
  readonly apply: (params: Params, x: Input, context: Context) => Output
}): Layer<Params, null, Input, Output> => ({
  name: definition.name,
  init: definition.init,
  initState: () => null,
  apply: (params, x, context = {}) => definition.apply(params, x, context),
  applyWithState: (params, state, x, context = {}) => [definition.apply(params, x, context), state],
})

/**
 * Makes a layer with running state from its functions.
 *
 * @example
 * import { add, ones, toNumber, zeros } from '@grad-ts/tensor'
 * import { statefulLayer } from '@grad-ts/nn'
 * const steps = statefulLayer({
 *   name: 'steps',
 *   init: () => null,
 *   initState: () => ({ count: zeros([]) }),
 *   applyWithState: (_, { count }, x) => [x, { count: add(count, 1) }],
 * })
 * const [, state] = steps.applyWithState(null, steps.initState(), ones([2]))
 * toNumber(state.count) // => 1
 */
export const statefulLayer = <Params extends Tree<Tensor>, State extends Tree<Tensor>, Input = Tensor, Output = Tensor>(definition: {
  readonly name: string
  readonly init: (key: Tensor) => Params
  readonly initState: () => State
  readonly applyWithState: (params: Params, state: State, x: Input, context: Context) => readonly [Output, State]
}): Layer<Params, State, Input, Output> => ({
  name: definition.name,
  init: definition.init,
  initState: definition.initState,
  apply: (params, x, { state = definition.initState(), ...context } = {}) => definition.applyWithState(params, state, x, context)[0],
  applyWithState: (params, state, x, context = {}) => definition.applyWithState(params, state, x, context),
})

/**
 * Makes a layer of a function of one tensor.
 *
 * @example
 * import { key, square, tensor, toArray } from '@grad-ts/tensor'
 * import { lambda } from '@grad-ts/nn'
 * toArray(lambda(square).apply(null, tensor([3]))) // => [9]
 */
export const lambda = (fn: TensorFunction, name = 'lambda'): Layer<null, null> =>
  statelessLayer<null>({ name, init: () => null, apply: (_, x) => fn(x) })
