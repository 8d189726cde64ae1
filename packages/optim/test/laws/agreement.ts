import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { evaluate, interpret, mul, stack, sub, sum, square, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { expect } from 'vitest'
import { applyUpdates } from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'

type Training = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor> }
type Batch = { readonly target: Tensor }

const stepOf =
  (rule: GradientTransformation) =>
  ({ params, state }: Training, { target }: Batch): readonly [Training, Tensor] => {
    const loss = sum(square(sub((params as { w: Tensor }).w, target)))
    const gradient = map((p: Tensor) => mul(sub(p, target), 2), params)
    const [updates, next] = rule.update(gradient, state, { params, value: loss })
    return [{ params: applyUpdates(params, updates), state: next }, loss]
  }

const numbers = (tree: Tree<Tensor>): number[] =>
  leaves(tree).flatMap((leaf) => Array.from((evaluate(leaf) as Constant).attributes.data, Number))

const targets = [
  [
    [1, -1, 0.5],
    [0.25, 0.75, -0.5],
  ],
  [
    [0.9, -1.1, 0.4],
    [0.3, 0.7, -0.6],
  ],
  [
    [1.1, -0.9, 0.6],
    [0.2, 0.8, -0.4],
  ],
].map((values) => ({ target: tensor(values) }))

/** Compares three steps in one loop of ONNX Runtime with three steps in the interpreter. */
export const agreesOn = async (device: ConcreteDevice, rule: GradientTransformation, tolerance: number): Promise<void> => {
  const params = {
    w: tensor([
      [0.2, 0.3, -0.1],
      [0.6, -0.2, 0.4],
    ]),
  }
  const start = evaluate({ params, state: rule.init(params) }) as unknown as Training
  const single = interpret(stepOf(rule) as never) as unknown as (state: Training, batch: Batch) => readonly [Training, Tensor]
  const alone = targets.reduce<Training>((state, batch) => single(state, batch)[0], start)
  await using program = await compileStepOrThrow(stepOf(rule), start, targets[0] as Batch, { stepsPerRun: 3, threads: 1, device })
  await program.runOrThrow({ target: evaluate(stack(targets.map(({ target }) => target))) } as never)
  const found = numbers((await program.stateOrThrow()).params as Tree<Tensor>)
  numbers(alone.params).forEach((value, i) =>
    expect(Math.abs((found[i] as number) - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value))),
  )
}
