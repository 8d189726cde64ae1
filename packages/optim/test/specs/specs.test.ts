import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adam, chain, clip, cosineDecay, freeze, injectHyperparams, linear, masked, sgd, stateless } from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import {
  decode,
  decodeOrThrow,
  encode,
  encodeOrThrow,
  scheduleTable,
  transformationCodec,
  transformationTable,
} from '../../src/specs/index.ts'
import type { Json } from '../../src/specs/index.ts'
import { make, optimizers } from '../laws/table.ts'

const fraction = fc.integer({ min: 0, max: 99 }).map((n) => n / 100)
const positive = fc.integer({ min: 1, max: 1000 }).map((n) => n / 100)
const steps = fc.integer({ min: 1, max: 1000 })

const { schedule, spec } = fc.letrec<{ schedule: Json; spec: Json }>((tie) => ({
  schedule: fc.oneof(
    { maxDepth: 2 },
    fc.record({ constant: fc.record({ value: positive }) }),
    fc.record({ linear: fc.record({ initValue: positive, endValue: positive, transitionSteps: steps }) }),
    fc.record({
      exponentialDecay: fc.record({ initValue: positive, transitionSteps: steps, decayRate: fraction, staircase: fc.boolean() }),
    }),
    fc.record({ piecewiseConstant: fc.record({ initValue: positive, factors: fc.dictionary(steps.map(String), fraction) }) }),
    fc.record({ product: fc.record({ schedules: fc.array(tie('schedule'), { minLength: 1, maxLength: 2 }) }) }),
  ),
  spec: fc.oneof(
    { maxDepth: 3 },
    fc.record({ adam: fc.record({ learningRate: fc.oneof(positive, tie('schedule')), b1: fraction, nesterov: fc.boolean() }) }),
    fc.record({
      rmsprop: fc.record({
        learningRate: positive,
        momentum: fc.constantFrom<Json>(null, 0.9),
        dialect: fc.constantFrom('optax', 'torch'),
      }),
    }),
    fc.record({ clipByGlobalNorm: fc.record({ maxNorm: positive, order: fc.constantFrom<Json>(1, 2, 'Infinity') }) }),
    fc.record({
      addDecayedWeights: fc.record({ weightDecay: positive, mask: fc.constantFrom<Json>('**.kernel', { a: true, b: [false] }) }),
    }),
    fc.record({ chain: fc.array(tie('spec'), { maxLength: 3 }) }),
    fc.record({ masked: fc.record({ inner: tie('spec'), mask: fc.constant('!**.bias') }) }),
    fc.record({
      partition: fc.record({
        transformations: fc.record({ a: tie('spec'), b: tie('spec') }),
        labels: fc.constant<Json>({ rules: [['**', 'a']] }),
      }),
    }),
    fc.record({ injectHyperparams: fc.record({ adamw: fc.record({ learningRate: positive }) }) }),
    fc.record({ multiSteps: fc.record({ inner: tie('spec'), every: steps }) }),
  ),
}))

describe('specs', () => {
  test('encoding what a spec decodes to gives the spec', () => {
    const again = (json: Json): unknown => encodeOrThrow(decodeOrThrow(JSON.parse(JSON.stringify(json))))
    fc.assert(
      fc.property(spec, (json) => {
        expect(JSON.parse(JSON.stringify(again(json)))).toEqual(JSON.parse(JSON.stringify(json)))
      }),
    )
    fc.assert(
      fc.property(schedule, (json) => {
        const spec = { scaleBySchedule: { schedule: json } }
        expect(again(spec)).toEqual(JSON.parse(JSON.stringify(spec)))
      }),
    )
  })

  test('every optimizer of the table has a spec, unless it was given a function', () => {
    for (const row of optimizers) {
      const encoded = encode(make(row))
      if (row[0] === 'sophia') expect(E.isLeft(encoded)).toBe(true)
      else
        expect(encodeOrThrow(decodeOrThrow(JSON.parse(JSON.stringify(E.getOrElseW(() => null)(encoded)))))).toEqual(
          E.getOrElseW(() => null)(encoded),
        )
    }
  })

  const messageOf = (json: unknown): string => {
    const result = decode(json)
    return E.isLeft(result) ? result.left.message : 'accepted'
  }

  test('a bad spec is answered with path, expected and received', () => {
    const good = { clip: { maxDelta: 1 } }
    expect(messageOf({ chain: [good, { adam: { learningRate: 0.1, b1: 1.2 } }] })).toMatchInlineSnapshot(
      `"chain[1].adam.b1: expected a number in [0, 1), got 1.2"`,
    )
    expect(messageOf({ chain: [good, { adm: {} }] })).toMatchInlineSnapshot(`"chain[1]: expected the name of a transformation, got "adm""`)
    expect(messageOf({ adam: { learningRate: 0.1, beta1: 0.9 } })).toMatchInlineSnapshot(
      `"adam.beta1: expected one of the options learningRate, b1, b2, eps, epsRoot, nesterov, dialect, got an unknown option"`,
    )
    expect(messageOf({ adam: {} })).toMatchInlineSnapshot(`"adam.learningRate: expected a number ≥ 0, got undefined"`)
    expect(messageOf({ sgd: { learningRate: { linear: { initValue: 1, endValue: 0, transitionSteps: -1 } } } })).toMatchInlineSnapshot(
      `"sgd.learningRate.linear.transitionSteps: expected an integer ≥ 0, got -1"`,
    )
    expect(messageOf({ masked: { inner: good } })).toMatchInlineSnapshot(
      `"masked.mask: expected a mask: a tree of booleans, a path pattern or a predicate, got undefined"`,
    )
    expect(messageOf([good])).toMatchInlineSnapshot(
      `"spec: expected a record with one key, the name of a transformation, got an array of 1"`,
    )
    expect(messageOf({ sgd: { learningRate: 0.1, dialect: 'jax' } })).toMatchInlineSnapshot(
      `"sgd.dialect: expected one of "optax", "torch", "keras", got "jax""`,
    )
    expect(messageOf({ conditionallyMask: { inner: good, condition: 'x' } })).toMatchInlineSnapshot(
      `"conditionallyMask.condition: expected a function, which has no JSON form, got "x""`,
    )
  })

  test('numbers are checked at construction as well', () => {
    expect(() => adam({ learningRate: 0.1, b1: 1.2 })).toThrowErrorMatchingInlineSnapshot(
      `[SpecError: adam.b1: expected a number in [0, 1), got 1.2]`,
    )
    expect(() => linear({ initValue: Number.NaN, endValue: 0, transitionSteps: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[SpecError: linear.initValue: expected a number, got NaN]`,
    )
    expect(() => clip(-1)).toThrowErrorMatchingInlineSnapshot(`[SpecError: clip.maxDelta: expected a number ≥ 0, got -1]`)
  })

  test('what has no JSON form is named', () => {
    const custom = stateless((updates) => updates) as GradientTransformation
    expect(() => encodeOrThrow(chain(clip(1), custom))).toThrowErrorMatchingInlineSnapshot(
      `[SpecError: chain[1]: expected a transformation made by a factory of this package, got an object with keys init, update]`,
    )
    expect(() => encodeOrThrow(masked(clip(1), () => true) as GradientTransformation)).toThrowErrorMatchingInlineSnapshot(
      `[SpecError: masked.mask: expected a value with a JSON form, got a function]`,
    )
    expect(() =>
      encodeOrThrow(sgd({ learningRate: (count, dtype) => cosineDecay({ initValue: 1, transitionSteps: 9 })(count, dtype) }) as never),
    ).toThrowErrorMatchingInlineSnapshot(
      `[SpecError: sgd.learningRate: expected a schedule made by a factory of this package, got a function]`,
    )
  })

  test('the codec of io-ts says the same', () => {
    const json = { freeze: { mask: 'body.**' } }
    expect(transformationCodec.encode(freeze('body.**'))).toEqual(json)
    expect(E.isRight(transformationCodec.decode(json))).toBe(true)
    expect(E.isLeft(transformationCodec.decode({ freeze: {} }))).toBe(true)
    expect(encodeOrThrow(injectHyperparams(adam)({ learningRate: 0.1 }))).toEqual({ injectHyperparams: { adam: { learningRate: 0.1 } } })
  })

  test('names of the tables are the names in specs', () => {
    for (const [name, definition] of Object.entries({ ...transformationTable, ...scheduleTable })) expect(definition.name).toBe(name)
  })
})
