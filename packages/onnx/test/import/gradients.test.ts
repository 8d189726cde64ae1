import { grad } from '@grad-ts/autodiff'
import { add, evaluate, isFloat, mul, sum, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { converters, withoutGradient } from '../../src/import/ops/table.ts'
import type { NamedTensors } from '../../src/index.ts'
import { noise } from './build.ts'
import { controlOps } from './example.ts'
import { examples } from './examples.ts'
import type { Example } from './example.ts'
import { bytesOf, constantOf, feedsOf, read, titleOf } from './run.ts'

/** Not smooth where the examples stand, or without float inputs. */
const rough = new Set(['Mod', 'Shrink', 'Cast', 'CastLike'])

const isSmooth = (example: Example): boolean =>
  !withoutGradient.has(example.op) &&
  !rough.has(example.op) &&
  example.rough !== true &&
  Object.keys(feedsOf(example)).length > 0 &&
  example.op !== 'OneHot'

const noisy = (like: Tensor, seed: number): Tensor => {
  const next = noise(seed)
  return constantOf({ shape: like.shape, data: Array.from({ length: like.shape.reduce((a, b) => a * b, 1) }, next) }, 'float64')
}

/** Σ output · noise over the float outputs, a function of the float inputs. */
const objective = (example: Example): readonly [(feeds: NamedTensors) => Tensor, NamedTensors] => {
  const model = read(bytesOf(example), { dtype: 'float64' })
  const feeds = Object.fromEntries(Object.entries(feedsOf(example)).map(([name, values]) => [name, constantOf(values, 'float64')]))
  const loss = (inputs: NamedTensors): Tensor =>
    Object.values(model.apply({}, inputs))
      .filter(({ dtype }) => isFloat(dtype))
      .map((output, i) => sum(mul(output, noisy(output, 40 + i))))
      .reduce((left, right) => add(left, right))
  return [loss, feeds]
}

const gap = ([loss, feeds]: ReturnType<typeof objective>): number => {
  const direction = Object.fromEntries(Object.entries(feeds).map(([name, value], i) => [name, noisy(value, 70 + i)]))
  const at = (step: number): number =>
    toNumber(
      loss(
        Object.fromEntries(
          Object.entries(feeds).map(([name, value]) => [name, evaluate(add(value, mul(direction[name] as Tensor, step)))]),
        ),
      ),
    )
  const gradients = grad(loss)(feeds)
  const analytic = Object.entries(gradients).reduce(
    (total, [name, gradient]) => total + toNumber(sum(mul(gradient, direction[name] as Tensor))),
    0,
  )
  const numeric = (at(1e-5) - at(-1e-5)) / 2e-5
  return Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))
}

describe('what is read can be differentiated', () => {
  it('has an example for every operator', () => {
    const shown = new Set(examples.map(({ op, domain = '' }) => `${domain}:${op}`))
    const missing = Object.entries(converters).flatMap(([domain, table]) =>
      Object.keys(table).filter((op) => !shown.has(`${domain}:${op}`)),
    )
    expect(missing.filter((op) => !controlOps.includes(op))).toEqual([])
  })

  it.each(examples.flatMap((example, i) => (isSmooth(example) ? [[titleOf(example, i), example] as const] : [])))('%s', (_, example) => {
    expect(gap(objective(example))).toBeLessThan(1e-6)
  })
})
