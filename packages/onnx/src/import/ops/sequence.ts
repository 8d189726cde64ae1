import { concat, expandDims, isTensor, scalar, split, squeeze } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, graphAttribute, has, intAttribute, numberAt, optionalNumbersAt, sequenceAt, tensorAt, tensorsAt } from '../call.ts'
import type { Call, Converter, Value } from '../call.ts'
import { positionOf } from './layout.ts'

const splitToSequence: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
  const length = x.shape[axis] as number
  const given = optionalNumbersAt(call, 1)
  const size = given === undefined ? 1 : tensorAt(call, 1).shape.length === 0 ? (given[0] as number) : undefined
  if (size !== undefined && size < 1) return fail(call, `cannot split into parts of ${size}`)
  const lengths =
    size === undefined ? (given as number[]) : Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size))
  const pieces = split(x, lengths, axis)
  return [given === undefined && intAttribute(call, 'keepdims', 1) === 0 ? pieces.map((piece) => squeeze(piece, axis)) : pieces]
}

const placeIn = (call: Call, list: readonly Tensor[], i: number, slack: number): number => {
  const at = numberAt(call, i)
  const place = at < 0 ? at + list.length : at
  return place >= 0 && place < list.length + slack ? place : fail(call, `position ${at} is outside a sequence of ${list.length}`)
}

const joinSequence: Converter = (call) => {
  const list = sequenceAt(call, 0)
  const [first] = list
  if (first === undefined) return fail(call, 'the sequence is empty')
  const isNew = intAttribute(call, 'new_axis', 0) === 1
  const axis = positionOf(call, intAttribute(call, 'axis', 0), first.shape.length + Number(isNew))
  return isNew
    ? concat(
        list.map((part) => expandDims(part, axis)),
        axis,
      )
    : concat(list, axis)
}

/** Stands for an optional value that is not there. */
const absent: readonly Tensor[] = []

const isThere = (value: Value | undefined): boolean => value !== undefined && value !== absent

/** Runs a graph on every element of a sequence; of other sequences the element at the same place goes with it. */
const mapSequence: Converter = (call) => {
  const body = graphAttribute(call, 'body')
  const results = sequenceAt(call, 0).map((_, i) =>
    call.run(
      body,
      call.values.map((value) =>
        value === undefined || isTensor(value) ? tensorAt(call, call.values.indexOf(value)) : (value[i] as Tensor),
      ),
    ),
  )
  return body.outputs.map((_, k) => results.map((outputs) => outputs[k] as Tensor))
}

/** Sequences, which are lists when a file is read, and values that may be absent. */
export const sequences: Readonly<Record<string, Converter>> = {
  ConcatFromSequence: joinSequence,
  Optional: (call) => [call.values[0] ?? absent],
  OptionalGetElement: (call) => (isThere(call.values[0]) ? [call.values[0]] : fail(call, 'the optional value is absent')),
  OptionalHasElement: (call) => scalar(isThere(call.values[0])),
  SequenceAt: (call) => sequenceAt(call, 0)[placeIn(call, sequenceAt(call, 0), 1, 0)] as Tensor,
  SequenceConstruct: (call) => [tensorsAt(call)],
  SequenceEmpty: () => [[]],
  SequenceErase: (call) => {
    const list = sequenceAt(call, 0)
    return [list.toSpliced(has(call, 1) ? placeIn(call, list, 1, 0) : list.length - 1, 1)]
  },
  SequenceInsert: (call) => {
    const list = sequenceAt(call, 0)
    return [list.toSpliced(has(call, 2) ? placeIn(call, list, 2, 1) : list.length, 0, tensorAt(call, 1))]
  },
  SequenceLength: (call) => scalar(sequenceAt(call, 0).length, 'int32'),
  SequenceMap: mapSequence,
  SplitToSequence: splitToSequence,
}
