import { adamw, partition, setToZero } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { add, mul, reshape, slice } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { StepCase } from './case.ts'
import { gptCase, gptSize } from './gpt.ts'

const labels = { head: 'trained', tokens: 'frozen', positions: 'frozen', norm: 'frozen', blocks: 'frozen' }

/** Updates the head; the gradients of all else stay unused. */
const headOnly = (): GradientTransformation =>
  partition({ trained: adamw({ learningRate: 1e-3 }) as GradientTransformation, frozen: setToZero() as GradientTransformation }, labels)

const firstOf = (x: Tensor): Tensor =>
  reshape(
    slice(
      x,
      x.shape.map(() => ({ start: 0, end: 1 })),
    ),
    [],
  )

/** Lets the update of the head read every gradient, so that none of them is dead. */
const readingAll = (inner: GradientTransformation): GradientTransformation => ({
  ...inner,
  update: (gradients, state, context) => {
    const [updates, next] = inner.update(gradients, state, context)
    const nothing = leaves<Tensor>(gradients)
      .map((gradient) => mul(firstOf(gradient), 0))
      .reduce((total, part) => add(total, part))
    return [mapWithPath((path, leaf: Tensor) => (path === 'head' ? add(leaf, nothing) : leaf), updates) as Tree<Tensor>, next]
  },
})

/**
 * The character model with all but its head frozen: the gradients of the rest are traced, and not used.
 *
 * @param computesAll whether they are computed all the same
 */
export const frozenGpt = (computesAll: boolean): StepCase =>
  gptCase(gptSize, { runs: 15, loop: 4, scaled: false }, computesAll ? readingAll(headOnly()) : headOnly())
