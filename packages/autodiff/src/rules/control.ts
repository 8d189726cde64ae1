import { concat, expandDims, add, inline, input, isFloat, node as makeNode, slice, unpackScan, zerosLike } from '@grad-ts/tensor'
import type { OpAttributes, Tensor } from '@grad-ts/tensor'
import type { GradientRule, GradientRules } from './rule.ts'

type Scan = OpAttributes['scan']

const placeholder = (name: string, { shape, dtype }: Tensor): Tensor => input(name, shape, dtype)

/** The carries that each step started from, stacked. */
const carriesBefore = (node: Tensor<'scan'>): Tensor[] => {
  const { attributes, inputs } = node
  const { carries, length, reverse } = attributes
  const full = { ...attributes, history: true }
  const run = attributes.history ? node : makeNode('scan', inputs, full)
  return unpackScan(run, full)
    .slice(0, carries)
    .map((after, i) => {
      const first = expandDims(inputs[i] as Tensor, 0)
      return reverse ? concat([slice(after, [{ start: 1 }]), first]) : concat([first, slice(after, [{ end: length - 1 }])])
    })
}

/** Which of the body's placeholders in a range get a gradient. */
const active = (inputs: readonly Tensor[], wanted: readonly boolean[], from: number, to: number): number[] =>
  [...inputs.keys()].slice(from, to).filter((i) => (wanted[i] as boolean) && isFloat((inputs[i] as Tensor).dtype))

/**
 * Walks the steps the other way with the gradients of the carries and the running sums for captured tensors as carries.
 * Every step computes its inner values again from the stacked carries.
 */
const scanRule: GradientRule<'scan'> = (cotangent, node, { wanted, pullBackAll }) => {
  const { body, carries, sequences, length, history, reverse } = node.attributes
  const { inputs } = node
  const held = active(
    inputs,
    wanted.map((one, i) => one || i < carries),
    0,
    carries,
  )
  const cut = active(inputs, wanted, carries, carries + sequences)
  const captured = active(inputs, wanted, carries + sequences, inputs.length)

  const parts = unpackScan(cotangent, node.attributes)
  const arriving = body.outputs.map((output, i) => placeholder(`cotangent.${i}`, output))
  const stacked = arriving.map((_, i) => history || i >= carries)
  const running = held.map((i) => placeholder(`carry.${i}`, body.inputs[i] as Tensor))
  const sums = captured.map((i) => placeholder(`sum.${i}`, body.inputs[i] as Tensor))

  const cotangents = body.outputs.map((_, i) => {
    const later = i < carries ? (running[held.indexOf(i)] as Tensor) : undefined
    const own = stacked[i] ? (arriving[i] as Tensor) : undefined
    return later !== undefined && own !== undefined ? add(later, own) : ((later ?? own) as Tensor)
  })
  const gradients = pullBackAll(
    body.outputs,
    cotangents,
    [...held, ...cut, ...captured].map((i) => body.inputs[i] as Tensor),
  )
  const [toCarries, toCuts, toCaptured] = [held.length, cut.length, captured.length].map((count, i, counts) => {
    const start = counts.slice(0, i).reduce((total, one) => total + one, 0)
    return gradients.slice(start, start + count)
  }) as [Tensor[], Tensor[], Tensor[]]

  const backward: Scan = {
    body: {
      inputs: [
        ...running,
        ...sums,
        ...body.inputs.slice(0, carries + sequences),
        ...arriving.filter((_, i) => stacked[i]),
        ...body.inputs.slice(carries + sequences),
      ],
      outputs: [...toCarries, ...toCaptured.map((gradient, i) => add(sums[i] as Tensor, gradient)), ...toCuts],
    },
    carries: held.length + captured.length,
    sequences: carries + sequences + stacked.filter(Boolean).length,
    length,
    history: false,
    reverse: !reverse,
  }
  const result = makeNode(
    'scan',
    [
      ...held.map((i) => (history ? zerosLike(inputs[i] as Tensor) : (parts[i] as Tensor))),
      ...captured.map((i) => zerosLike(inputs[i] as Tensor)),
      ...carriesBefore(node),
      ...inputs.slice(carries, carries + sequences),
      ...parts.filter((_, i) => stacked[i]),
      ...inputs.slice(carries + sequences),
    ],
    backward,
  )
  const found = unpackScan(result, backward)
  const places = [...held, ...captured, ...cut]
  return inputs.map((_, i) => (places.includes(i) ? (found[places.indexOf(i)] as Tensor) : null))
}

/** Computes the body again, behind a barrier that holds it back until the cotangent is known. */
const checkpointRule: GradientRule<'checkpoint'> = (cotangent, node, { wanted, pullBackAll }) => {
  const { body } = node.attributes
  const operands = node.inputs.slice(1).map((operand) => makeNode('barrier', [operand, cotangent], {}))
  const outputs = inline(body, operands)
  const sources = operands.filter((_, i) => wanted[i + 1])
  const gradients = pullBackAll(outputs, [cotangent], sources)
  return [null, ...operands.map((operand) => (sources.includes(operand) ? (gradients[sources.indexOf(operand)] as Tensor) : null))]
}

export const controlRules: GradientRules<'scan' | 'checkpoint' | 'barrier'> = {
  scan: scanRule,
  checkpoint: checkpointRule,
  barrier: (cotangent) => [cotangent, null],
}
