import { flip, isTensor, reshape, sameShape, scalar, sizeOf, sliceAxis, squeeze, stack, transpose, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { constantAt, fail, graphAttribute, has, intAttribute, intsAttribute, known, numberAt, tensorAt, tensorsAt } from '../call.ts'
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

/** Which way and along which axis a scan walks each of its sequences. */
interface Walk {
  readonly axes: readonly number[]
  readonly backwards: readonly number[]
  readonly outAxes: readonly number[]
  readonly outBackwards: readonly number[]
}

const turnOf = (call: Call, sequence: Tensor, axis: number, at: number): Tensor => {
  const position = positionOf(call, axis, sequence.shape.length)
  return squeeze(sliceAxis(sequence, position, { start: at, end: at + 1 }), position)
}

const collected = (output: Tensor, axis: number, backwards: boolean): Tensor => {
  const ordered = backwards ? flip(output, 0) : output
  const order = [...ordered.shape.keys()].slice(1)
  const position = axis < 0 ? axis + ordered.shape.length : axis
  return position === 0 ? ordered : transpose(ordered, [...order.slice(0, position), 0, ...order.slice(position)])
}

const walk = (call: Call, states: readonly Tensor[], sequences: readonly Tensor[], way: Walk): Tensor[] => {
  const body = graphAttribute(call, 'body')
  const [first] = sequences
  if (first === undefined) return fail(call, 'expected sequences to walk along')
  const turns = first.shape[positionOf(call, way.axes[0] ?? 0, first.shape.length)] as number
  checkTurns(call, turns)
  let carried: readonly Tensor[] = states
  const outputs: Tensor[][] = []
  for (let turn = 0; turn < turns; turn++) {
    const cuts = sequences.map((sequence, i) => turnOf(call, sequence, way.axes[i] ?? 0, way.backwards[i] === 1 ? turns - 1 - turn : turn))
    const results = asTensors(call, call.run(body, [...carried, ...cuts]))
    carried = results.slice(0, states.length)
    outputs.push(results.slice(states.length))
  }
  const joined = stacked(call, outputs, body.outputs.length - states.length)
  return [...carried, ...joined.map((output, i) => collected(output, way.outAxes[i] ?? 0, way.outBackwards[i] === 1))]
}

/** Before operator set 9 a scan had a batch in front: every example walks for itself. */
const batchedScan = (call: Call, count: number): Tensor[] => {
  if (has(call, 0)) return fail(call, 'sequences of different lengths cannot be read')
  const values = call.values.slice(1).map((_, i) => tensorAt(call, i + 1))
  const backwards = intsAttribute(call, 'directions') ?? []
  const runs = Array.from({ length: values[0]?.shape[0] ?? 0 }, (_, example) => {
    const own = values.map((value) => turnOf(call, value, 0, example))
    return walk(call, own.slice(0, -count), own.slice(-count), { axes: [], backwards, outAxes: [], outBackwards: [] })
  })
  return stacked(call, runs, runs[0]?.length ?? 0)
}

const scanned: Converter = (call) => {
  const count = intAttribute(call, 'num_scan_inputs', 1)
  if (call.opset < 9) return batchedScan(call, count)
  const values = tensorsAt(call)
  return walk(call, values.slice(0, -count), values.slice(-count), {
    axes: intsAttribute(call, 'scan_input_axes') ?? [],
    backwards: intsAttribute(call, 'scan_input_directions') ?? [],
    outAxes: intsAttribute(call, 'scan_output_axes') ?? [],
    outBackwards: intsAttribute(call, 'scan_output_directions') ?? [],
  })
}

/** Control flow whose course is known when the file is read. */
export const control: Readonly<Record<string, Converter>> = { If: choose, Loop: loop, Scan: scanned }
