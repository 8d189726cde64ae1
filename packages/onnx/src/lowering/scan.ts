import { unrollScan } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { graphProto, nameOutputs, portInfo } from '../graph.ts'
import type { GraphProto } from '../schema/messages.ts'
import { elementType, valueInfo } from '../schema/types.ts'
import { decompose } from './decompose.ts'
import type { Lowerings } from './rule.ts'

type Scan = Tensor<'scan'>

const integer64 = (name: string) => ({ name, type: { tensorType: { elemType: elementType.int64, shape: { dim: [] } } } })

interface LoopBody {
  readonly graph: GraphProto
}

/** The step of a scan as the body of a Loop: carries come in and go out, sequences are picked by the iteration, outputs are stacked. */
const loopBody = (emitter: Emitter, inputs: readonly string[], { attributes }: Scan): LoopBody => {
  const { body, carries, sequences, length, history, reverse } = attributes
  const [iteration, condition, proceed] = [emitter.name('iteration'), emitter.name('condition'), emitter.name('proceed')]
  const at = reverse ? emitter.add('Sub', [emitter.int64(length - 1), iteration]) : iteration
  const names = new Map<Tensor, string>()
  body.inputs.forEach((inner, i) => {
    if (i < carries) names.set(inner, emitter.name('carry'))
    else names.set(inner, i < carries + sequences ? emitter.add('Gather', [inputs[i] as string, at], { axis: 0 }) : (inputs[i] as string))
  })
  emitter.addNamed('Identity', [condition], [proceed])
  const values = emitter.lower(body.outputs, names)
  const carried = body.outputs.slice(0, carries)
  const stacked = history ? body.outputs : body.outputs.slice(carries)
  const results = [...carried, ...stacked].map(({ shape, dtype }) => ({ name: emitter.name('result'), shape, dtype }))
  const order = [...carried.keys(), ...[...body.outputs.keys()].slice(history ? 0 : carries)]
  nameOutputs(
    emitter,
    order.map((i) => values[i] as string),
    results.map(({ name }) => name),
  )
  const carryInfo = body.inputs.slice(0, carries).map((inner) => valueInfo(names.get(inner) as string, inner.shape, inner.dtype))
  const graph = graphProto(
    'scan',
    emitter,
    [integer64(iteration), valueInfo(condition, [], 'bool'), ...carryInfo],
    [valueInfo(proceed, [], 'bool'), ...results.map(portInfo)],
  )
  return { graph: { ...graph, initializer: [] } }
}

const flat = (emitter: Emitter, x: string): string => emitter.add('Reshape', [x, emitter.int64([-1])])

/** The Loop stacks in the order in which it ran. */
const inOrder = (emitter: Emitter, x: string, reverse: boolean): string => {
  if (!reverse) return x
  return emitter.add('Slice', [x, emitter.int64([-1]), emitter.int64([-(2 ** 31)]), emitter.int64([0]), emitter.int64([-1])])
}

export const scans: Lowerings<'scan'> = {
  scan: (emitter, inputs, node) => {
    // No Loop kernel: the steps are written out.
    if (emitter.target === 'webgpu')
      return decompose(emitter, inputs, node, (...operands) => unrollScan({ inputs: operands, attributes: node.attributes }))
    const { body, carries, length, history, reverse } = node.attributes
    const graph = loopBody(emitter.subgraph(), inputs, node)
    const stackedCount = body.outputs.length - (history ? 0 : carries)
    const results = Array.from({ length: carries + stackedCount }, () => emitter.name('scan'))
    emitter.addNamed('Loop', [emitter.int64(length), '', ...inputs.slice(0, carries)], results, { body: graph })
    const stacked = results.slice(carries).map((name) => flat(emitter, inOrder(emitter, name, reverse)))
    const parts = history ? stacked : [...results.slice(0, carries).map((name) => flat(emitter, name)), ...stacked]
    return parts.length === 1 ? (parts[0] as string) : emitter.add('Concat', parts, { axis: 0 })
  },
}
