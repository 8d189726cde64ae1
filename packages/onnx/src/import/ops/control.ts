import {
  concat,
  expandDims,
  flip,
  isTensor,
  reshape,
  sameShape,
  scalar,
  sizeOf,
  slice,
  split,
  squeeze,
  stack,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import {
  constantAt,
  fail,
  graphAttribute,
  has,
  intAttribute,
  intsAttribute,
  known,
  numberAt,
  optionalNumbersAt,
  sequenceAt,
  tensorAt,
  tensorsAt,
} from '../call.ts'
import type { Call, Converter, Value } from '../call.ts'
import { OnnxLimitError } from '../errors.ts'
import { positionOf } from './layout.ts'

const asTensors = (call: Call, values: readonly Value[]): Tensor[] =>
  values.map((value) => (isTensor(value) ? value : fail(call, 'expected tensors, got a sequence')))

/** A condition that depends on data computes both branches and picks; a known one runs its branch alone. */
const choose: Converter = (call) => {
  const condition = tensorAt(call, 0)
  if (sizeOf(condition.shape) !== 1) return fail(call, 'expected one condition')
  const run = (name: string): readonly Value[] => call.run(graphAttribute(call, name), [])
  const value = known(call.reading, condition)
  if (value !== undefined) return run(numberAt(call, 0) !== 0 ? 'then_branch' : 'else_branch')
  const [whenTrue, whenFalse] = [asTensors(call, run('then_branch')), asTensors(call, run('else_branch'))]
  return whenTrue.map((x, i) => {
    const y = whenFalse[i]
    if (y === undefined || !sameShape(x.shape, y.shape))
      return fail(call, 'the condition depends on data and the branches give different shapes')
    return where(reshape(condition, []), x, y)
  })
}

const mostTurns = 65_536

const checkTurns = (call: Call, turns: number): void => {
  if (turns > mostTurns)
    throw new OnnxLimitError(`node '${call.node.name}' (${call.node.op}) asks for ${turns} turns; at most ${mostTurns} are written out`)
}

const isTrue = (call: Call, condition: Value | undefined): boolean => {
  const value = condition !== undefined && isTensor(condition) ? known(call.reading, condition) : undefined
  return value === undefined
    ? fail(call, 'the condition must be known when the model is read, but it depends on data')
    : value.attributes.data[0] !== 0
}

const stacked = (call: Call, turns: readonly (readonly Tensor[])[], count: number): Tensor[] =>
  Array.from({ length: count }, (_, i) =>
    turns.length === 0 ? fail(call, 'a loop without turns has nothing to collect') : stack(turns.map((outputs) => outputs[i] as Tensor)),
  )

/** Writes the turns of a loop out; how many there are must be known. */
const loop: Converter = (call) => {
  const body = graphAttribute(call, 'body')
  const limit = has(call, 0) ? numberAt(call, 0) : Number.POSITIVE_INFINITY
  let running = has(call, 1) ? constantAt(call, 1).attributes.data[0] !== 0 : true
  let carried = call.values.slice(2).map((value) => value ?? fail(call, 'a loop-carried value is missing'))
  const scanned: Tensor[][] = []
  for (let turn = 0; running && turn < limit; turn++) {
    checkTurns(call, turn)
    const [condition, ...results] = call.run(body, [scalar(turn, 'int32'), scalar(true), ...carried])
    carried = results.slice(0, carried.length) as Value[]
    scanned.push(asTensors(call, results.slice(carried.length)))
    running = isTrue(call, condition)
  }
  return [...carried, ...stacked(call, scanned, body.outputs.length - 1 - carried.length)]
}

const scanned: Converter = (call) => {
  const body = graphAttribute(call, 'body')
  const count = intAttribute(call, 'num_scan_inputs', 1)
  const values = tensorsAt(call)
  const states = values.slice(0, -count)
  const sequences = values.slice(-count)
  const inputAxes = intsAttribute(call, 'scan_input_axes') ?? []
  const outputAxes = intsAttribute(call, 'scan_output_axes') ?? []
  const backwards = intsAttribute(call, 'scan_input_directions') ?? []
  const outBackwards = intsAttribute(call, 'scan_output_directions') ?? []
  const turns = sequences[0]?.shape[inputAxes[0] ?? 0] ?? fail(call, 'expected sequences to walk along')
  checkTurns(call, turns)
  let carried: readonly Tensor[] = states
  const outputs: Tensor[][] = []
  for (let turn = 0; turn < turns; turn++) {
    const cuts = sequences.map((sequence, i) => {
      const axis = positionOf(call, inputAxes[i] ?? 0, sequence.shape.length)
      const at = backwards[i] === 1 ? turns - 1 - turn : turn
      return reshape(
        slice(
          sequence,
          sequence.shape.map((_, k) => (k === axis ? { start: at, end: at + 1 } : null)),
        ),
        sequence.shape.filter((_, k) => k !== axis),
      )
    })
    const results = asTensors(call, call.run(body, [...carried, ...cuts]))
    carried = results.slice(0, states.length)
    outputs.push(results.slice(states.length))
  }
  const collected = stacked(call, outputs, body.outputs.length - states.length).map((output, i) => {
    const ordered = outBackwards[i] === 1 ? flip(output, 0) : output
    const axis = outputAxes[i] ?? 0
    return axis === 0
      ? ordered
      : stack(
          split(ordered, Array.from<number>({ length: turns }).fill(1)).map((part) => squeeze(part, 0)),
          axis,
        )
  })
  return [...carried, ...collected]
}

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

/** Control flow whose course is known when the file is read, and sequences, which then are lists. */
export const control: Readonly<Record<string, Converter>> = {
  ConcatFromSequence: joinSequence,
  If: choose,
  Loop: loop,
  Scan: scanned,
  SequenceAt: (call) => sequenceAt(call, 0)[placeIn(call, sequenceAt(call, 0), 1, 0)] as Tensor,
  SequenceConstruct: (call) => [tensorsAt(call)],
  SequenceEmpty: () => [[]],
  SequenceInsert: (call) => {
    const list = sequenceAt(call, 0)
    return [list.toSpliced(has(call, 2) ? placeIn(call, list, 2, 1) : list.length, 0, tensorAt(call, 1))]
  },
  SequenceLength: (call) => scalar(sequenceAt(call, 0).length, 'int32'),
  SplitToSequence: splitToSequence,
}
