import type { FloatDType, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'

/** A function of the step count (int32 `[]`, 0 in the first update) that gives a float scalar of the wanted dtype (default float32). */
export type Schedule = (count: Tensor, dtype?: FloatDType) => Tensor

/** A number fixed in the graph, or a scalar tensor. */
export type Scalar = number | Tensor

/** A number, a scalar tensor, or a schedule that is read before each update. */
export type Hyperparameter = Scalar | Schedule

/** What a transformation may read besides the updates. */
export interface UpdateContext {
  /** The parameters before this step; weight decay, trust ratios and their like need them. */
  readonly params?: Tree<Tensor>
  /** The loss before this step, a float scalar; plateau, Polyak and MoMo steps need it. */
  readonly value?: Tensor
  /** The weight of this micro-batch, a float scalar such as its number of examples; `multiSteps` uses it (default 1). */
  readonly weight?: Tensor
  /** The gradient as a function of the parameters; opaque `sam` needs it. */
  readonly gradient?: (params: Tree<Tensor>) => Tree<Tensor>
}

/** The name and the options a transformation was made with; `encode` turns it into JSON. */
export interface Origin {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * A pure rule that turns gradients into updates and carries a state, which is a tree of tensors.
 * Updates are added to the parameters, so an optimizer ends by multiplying with −learning rate.
 */
export interface GradientTransformation<State extends Tree<Tensor> = Tree<Tensor>> {
  /** Makes the state before the first step from the parameters. */
  init(this: void, params: Tree<Tensor>): State
  /** Gives the new updates and the new state. */
  update(this: void, updates: Tree<Tensor>, state: State, context?: UpdateContext): readonly [Tree<Tensor>, State]
  readonly origin?: Origin
}

/** The state type of a transformation. */
export type StateOf<Transformation> = Transformation extends GradientTransformation<infer State> ? State : never

/** Where a rule differs between libraries: whose formula and whose defaults to use. */
export type Dialect = 'optax' | 'torch' | 'keras'
