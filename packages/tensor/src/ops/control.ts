import { allocate } from '../dtype.ts'
import { DTypeError, EvaluationError } from '../errors.ts'
import { sameShape, sizeOf } from '../shape.ts'
import type { OpAttributes } from './attributes.ts'
import type { OperandType, OpRules, RunBody, Value } from './rule.ts'

type Scan = OpAttributes['scan']

const size = ({ shape }: OperandType): number => sizeOf(shape)

/** How many elements the result of a scan has. */
const scanSize = ({ body, carries, length, history }: Scan): number =>
  body.outputs.reduce((total, output, i) => total + size(output) * (i < carries && !history ? 1 : length), 0)

const matches = (inner: OperandType, outer: OperandType, shape = outer.shape): boolean =>
  inner.dtype === outer.dtype && sameShape(inner.shape, shape)

const checkScan = (inputs: readonly OperandType[], { body, carries, sequences, length }: Scan): void => {
  const fits = body.inputs.every((inner, i) => {
    const outer = inputs[i] as OperandType
    if (i < carries || i >= carries + sequences) return matches(inner, outer)
    return outer.shape[0] === length && matches(inner, outer, outer.shape.slice(1))
  })
  if (inputs.length !== body.inputs.length || !fits)
    throw new EvaluationError('scan: the operands do not have the shapes and dtypes that the body takes')
  if (body.outputs.some(({ dtype }) => dtype !== body.outputs[0]?.dtype))
    throw new DTypeError('scan', body.outputs, 'expected carries and outputs of one dtype')
  if (body.inputs.slice(0, carries).some((inner, i) => !matches(inner, body.outputs[i] as OperandType)))
    throw new EvaluationError('scan: the body does not give the carries the shapes that it takes')
}

const runScan = (inputs: readonly Value[], scan: Scan, dtype: OperandType['dtype'], run: RunBody): Value['data'] => {
  const { body, carries, sequences, length, history, reverse } = scan
  const result = allocate(dtype, scanSize(scan))
  const stacked = body.outputs.map((_, i) => history || i >= carries)
  const starts: number[] = []
  let end = 0
  body.outputs.forEach((output, i) => {
    starts.push(end)
    end += size(output) * (stacked[i] ? length : 1)
  })
  let carry = inputs.slice(0, carries)
  const captured = inputs.slice(carries + sequences)
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step
    const cut = inputs.slice(carries, carries + sequences).map(({ data, shape, dtype: type }): Value => {
      const width = sizeOf(shape.slice(1))
      return { data: data.subarray(t * width, (t + 1) * width), shape: shape.slice(1), dtype: type }
    })
    const outputs = run(body, [...carry, ...cut, ...captured])
    outputs.forEach((output, i) => result.set(output.data, (starts[i] as number) + (stacked[i] ? t * output.data.length : 0)))
    carry = outputs.slice(0, carries)
  }
  return result
}

const first: { infer: (inputs: readonly OperandType[]) => OperandType; evaluate: (inputs: readonly Value[]) => Value['data'] } = {
  infer: ([x]) => x as OperandType,
  evaluate: ([x]) => (x as Value).data,
}

export const controlRules: OpRules<'scan' | 'checkpoint' | 'barrier'> = {
  scan: {
    infer: (inputs, attributes) => {
      checkScan(inputs, attributes)
      return { shape: [scanSize(attributes)], dtype: (attributes.body.outputs[0] as OperandType).dtype }
    },
    evaluate: (inputs, attributes, { dtype }, run) => runScan(inputs, attributes, dtype, run),
  },
  checkpoint: first,
  barrier: first,
}
