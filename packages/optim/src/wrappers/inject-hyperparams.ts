import { isTensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { floatDType, readSchedules } from '../define.ts'
import type { Definition } from '../define.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { counter, increment } from '../numerics/count.ts'
import type { GradientTransformation, Scalar } from '../transformation.ts'

/** Updates made; the numbers that the last update used, which may be replaced between steps; the inner state. */
export type InjectedState = {
  readonly count: Tensor
  readonly hyperparams: Readonly<Record<string, Tensor>>
  readonly inner: Tree<Tensor>
}

/** A factory whose numbers become part of the state. */
export type Injected<Options> = (options: Options) => GradientTransformation<InjectedState>

const keysOfKind = (definition: Definition, options: Readonly<Record<string, unknown>>, wanted: (value: unknown) => boolean): string[] =>
  Object.keys(definition.fields).filter((key) => definition.fields[key]?.kind === 'hyperparameter' && wanted(options[key]))

const isScalar = (value: unknown): value is Scalar => typeof value === 'number' || isTensor(value)

const injected = (definition: Definition, given: Readonly<Record<string, unknown>>): GradientTransformation<InjectedState> => {
  const options = definition.complete(given)
  const numeric = keysOfKind(definition, options, isScalar)
  const scheduled = keysOfKind(definition, options, (value) => typeof value === 'function')
  const { build } = definition
  const valuesAt = (count: Tensor, numbers: Readonly<Record<string, unknown>>, dtype: 'float32' | 'float64') => {
    const own = Object.fromEntries(numeric.map((key) => [key, numbers[key] ?? options[key]]))
    const all = readSchedules({ ...options, ...own }, scheduled, count, dtype)
    return Object.fromEntries([...numeric, ...scheduled].map((key) => [key, asScalar(all[key] as Scalar, dtype)]))
  }
  return {
    init: (params) => {
      const hyperparams = valuesAt(counter(), {}, floatDType(params))
      return { count: counter(), hyperparams, inner: build({ ...options, ...hyperparams }).init(params) }
    },
    update: (updates, state, context) => {
      const hyperparams = valuesAt(state.count, state.hyperparams, floatDType(updates))
      const [next, inner] = build({ ...options, ...hyperparams }).update(updates, state.inner, context)
      return [next, { count: increment(state.count), hyperparams, inner }]
    },
    origin: { name: 'injectHyperparams', options: { factory: definition.name, options: given } },
  }
}

/**
 * Puts all numbers of an optimizer into its state: they can be read there, and replaced between steps without compiling anew.
 * Numbers given as schedules are read before each update and shown as used.
 *
 * @param factory such as `adam`
 * @returns a factory with the same options; the state is `{ count, hyperparams, inner }`
 * @example
 * import { injectHyperparams, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = injectHyperparams(sgd)({ learningRate: 0.5 })
 * const state = solver.init(tensor([0]))
 * const changed = { ...state, hyperparams: { ...state.hyperparams, learningRate: tensor(0.25) } }
 * toArray(solver.update(tensor([4]), changed)[0] as Tensor) // => [-1]
 */
export const injectHyperparams =
  <Options extends object>(factory: { (options: Options): unknown; readonly definition: Definition }): Injected<Options> =>
  (options) =>
    injected(factory.definition, options as Readonly<Record<string, unknown>>)
