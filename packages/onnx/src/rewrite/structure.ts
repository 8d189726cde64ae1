import type { DType } from '@grad-ts/tensor'
import { elementType } from '../import/ir.ts'
import type { OnnxPort, OnnxSource } from '../import/types.ts'
import { neededFor } from '../import/weights.ts'
import { bytesOf, fieldsOf, stringOf } from '../import/wire.ts'
import type { Field } from '../import/wire.ts'
import { isDynamic } from './graft.ts'
import { bytesField, integerField, stringField } from './splice.ts'
import type { Edit } from './splice.ts'

/** Which parts of a graph stay when it ends at other tensors. */
export interface Kept {
  readonly nodes: ReadonlySet<number>
  readonly names: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
}

/** Everything, where the model ends where the file does. */
export const keptOf = ({ stored: { graph }, results, grafts }: OnnxSource): Kept | undefined => {
  const declared = graph.outputs.map(({ name }) => name)
  if (grafts.length === 0 && declared.length === results.length && declared.every((name, i) => name === results[i])) return undefined
  const { nodes, names } = neededFor(graph.nodes, results)
  const kept = new Set(nodes)
  const places = new Set([...graph.nodes.keys()].filter((i) => kept.has(graph.nodes[i] as (typeof nodes)[number])))
  const grafted = new Set(grafts.map(({ at }) => at))
  return { nodes: places, names, outputs: new Set(results.filter((name) => !grafted.has(name))) }
}

const nameField = (message: Uint8Array, number: number): string => {
  for (const field of fieldsOf(message)) if (field.number === number) return stringOf(message, field)
  return ''
}

/** Leaves out nodes, weights, inputs and outputs that nothing needs any more. */
export const pruning = (graph: Uint8Array, { nodes, names, outputs }: Kept): ((field: Field) => Edit) => {
  let position = -1
  return (field) => {
    switch (field.number) {
      case 1:
        position++
        return nodes.has(position) ? 'keep' : 'drop'
      case 5:
        return names.has(nameField(bytesOf(graph, field), 8)) ? 'keep' : 'drop'
      case 11:
        return names.has(nameField(bytesOf(graph, field), 1)) ? 'keep' : 'drop'
      case 12:
        return outputs.has(nameField(bytesOf(graph, field), 1)) ? 'keep' : 'drop'
      default:
        return 'keep'
    }
  }
}

const types: Readonly<Record<DType, number>> = {
  float32: elementType.float,
  float64: elementType.double,
  float16: elementType.float16,
  int32: elementType.int64,
  bool: elementType.bool,
}

/** Declares a tensor of the graph as an output; where inputs are free its lengths stay open. */
export const outputField = (source: OnnxSource, { name, shape, dtype }: OnnxPort): Uint8Array[] => {
  const dimensions = shape.flatMap((length) => bytesField(1, isDynamic(source) ? [] : [integerField(1, length)]))
  const float = source.stored.graph.inputs.find(({ type }) => type === elementType.float16 || type === elementType.double)?.type
  const type = dtype === 'float32' && source.options.dtype !== undefined && float !== undefined ? float : types[dtype]
  const tensorType = bytesField(1, [integerField(1, type), ...bytesField(2, dimensions)])
  return bytesField(12, [...stringField(1, name), ...bytesField(2, tensorType)])
}
