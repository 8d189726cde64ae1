import * as t from 'io-ts'
import type { NestedArray } from '@grad-ts/tensor'

const Fields = t.intersection([
  t.type({
    note: t.string,
    keras: t.string,
    batchSize: t.number,
    epochs: t.number,
    x: t.UnknownArray,
    y: t.UnknownArray,
    initialWeights: t.UnknownArray,
    epochLoss: t.array(t.number),
  }),
  t.partial({
    shuffle: t.boolean,
    epochAccuracy: t.array(t.number),
    evaluate: t.partial({ loss: t.number, accuracy: t.number }),
    finalWeights: t.UnknownArray,
  }),
])

/** A training run that was recorded in Keras: kernel `[in, out]` and bias of each dense layer in turn; the note says the rest. */
export type KerasFixture = Omit<t.TypeOf<typeof Fields>, 'x' | 'y' | 'initialWeights' | 'finalWeights'> & {
  readonly x: NestedArray
  readonly y: NestedArray
  readonly initialWeights: readonly NestedArray[]
  readonly finalWeights?: readonly NestedArray[]
}

/** Tells these files, which have no `format`, by what they hold. */
export const isKerasFixture = (file: unknown): file is KerasFixture => Fields.is(file)
