import { describe, expect, test } from 'vitest'
import { valueAndGrad } from '@grad-ts/autodiff'
import * as O from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import * as T from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves, map, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { expectAgreement } from '../agreement.ts'
import { bothWays } from './run-split.ts'

type Params = { readonly w: Tensor; readonly b: Tensor }
type Batch = { readonly x: Tensor; readonly y: Tensor }
type State = { readonly params: Params; readonly optimizer: Tree<Tensor> }

const draw = (seed: number, shape: readonly number[]): Constant => T.evaluate(T.normal(T.key(seed), shape)) as Constant

const loss = ({ w, b }: Params, { x, y }: Batch): Tensor => T.mean(T.square(T.sub(T.tanh(T.add(T.matmul(x, w), b)), y)))

const params = { w: draw(1, [5, 3]), b: draw(2, [3]) }
const batch = { x: draw(3, [6, 5]), y: draw(4, [6, 3]) }

const rate = { learningRate: 0.01 }

const solvers = {
  adabelief: O.adabelief(rate),
  adadelta: O.adadelta(rate),
  adafactor: O.adafactor(rate),
  adagrad: O.adagrad(rate),
  adam: O.adam(rate),
  adamax: O.adamax(rate),
  adamw: O.adamw(rate),
  adan: O.adan(rate),
  ademamix: O.ademamix(rate),
  adopt: O.adopt(rate),
  amsgrad: O.amsgrad(rate),
  lamb: O.lamb(rate),
  lars: O.lars(rate),
  lion: O.lion(rate),
  nadam: O.nadam(rate),
  novograd: O.novograd(rate),
  radam: O.radam(rate),
  rmsprop: O.rmsprop(rate),
  rprop: O.rprop(rate),
  sgd: O.sgd({ ...rate, momentum: 0.9, nesterov: true }),
  signum: O.signum(rate),
  yogi: O.yogi(rate),
  'clipping by value and by norm': O.chain(O.clip(0.5), O.clipByGlobalNorm(0.1), O.adam(rate)),
  'adaptive clipping': O.chain(O.adaptiveGradClip(0.01), O.sgd(rate)),
  'a schedule': O.adamw({ learningRate: O.cosineDecay({ initValue: 0.02, transitionSteps: 10 }) }),
  'every third gradient': O.multiSteps(O.adam(rate), { every: 3 }),
  'only finite updates': O.applyIfFinite(O.adam(rate), 3),
  'one frozen leaf': O.masked(O.adam(rate), { w: true, b: false }),
} as unknown as Readonly<Record<string, GradientTransformation>>

describe.each(Object.entries(solvers))('%s', (_, solver) => {
  const step = ({ params: current, optimizer }: State, data: Batch): readonly [State, Tensor] => {
    const [value, gradients] = valueAndGrad(loss)(current, data)
    const [updates, next] = solver.update(gradients, optimizer as never, { params: current, value })
    return [{ params: O.applyUpdates(current, updates) as Params, optimizer: next as Tree<Tensor> }, value]
  }
  const initial = map((leaf: Tensor): Tensor => T.evaluate(leaf), { params, optimizer: solver.init(params) } as Tree<Tensor>)

  test('kernels and the rest of the step give the numbers of the interpreter', () => {
    let state = initial as Tree<Constant>
    for (let i = 0; i < 4; i++) {
      const { actual, expected } = bothWays(step as never, state, batch)
      expectAgreement(actual, expected, 2e-6)
      state = unflatten(initial as Tree<Tensor>, expected) as Tree<Constant>
    }
  })

  test('kernels write the kernel of the layer', () => {
    const { split } = bothWays(step as never, initial as Tree<Constant>, batch)
    const last = leaves<Tensor>(initial).length - 1
    expect(split.updates.flatMap(({ results }) => results)).toContain(last)
  })
})
