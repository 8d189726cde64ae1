import { tensorOf } from '../import/decode.ts'
import type { StoredTensor } from '../import/ir.ts'
import { bytesOf, fieldsOf, stringOf } from '../import/wire.ts'
import type { Field } from '../import/wire.ts'
import { bytesField, splice } from './splice.ts'
import type { Edit } from './splice.ts'

/** A weight where a file holds it. */
export interface Held {
  readonly name: string
  readonly stored: StoredTensor
  readonly message: Uint8Array
  /** Or it is the value of a `Constant` node, which must lie in the file. */
  readonly isInitializer: boolean
}

/** Gives the new message of a weight, or nothing where it stays as it is. */
export type Replace = (held: Held) => readonly Uint8Array[] | undefined

const textAt = (message: Uint8Array, number: number): string => {
  for (const field of fieldsOf(message)) if (field.number === number) return stringOf(message, field)
  return ''
}

const within = (number: number, message: Uint8Array, edit: (field: Field) => Edit): Edit => {
  const parts = splice(message, edit)
  return parts.length === 1 && parts[0]?.length === message.length ? 'keep' : bytesField(number, parts)
}

/** The value of a `Constant` node, which is a weight under the name of the node's output. */
const editAttribute = (attribute: Uint8Array, name: string, replace: Replace): Edit => {
  if (textAt(attribute, 1) !== 'value') return 'keep'
  return within(5, attribute, (field) => (field.number === 5 ? editTensor(bytesOf(attribute, field), 5, name, replace) : 'keep'))
}

const editTensor = (message: Uint8Array, number: number, name: string | undefined, replace: Replace): Edit => {
  const stored = tensorOf(message)
  const parts = replace({ name: name ?? stored.name, stored, message, isInitializer: name === undefined })
  return parts === undefined ? 'keep' : bytesField(number, parts)
}

const editNode = (node: Uint8Array, replace: Replace): Edit => {
  if (textAt(node, 4) !== 'Constant') return 'keep'
  const name = textAt(node, 2)
  return within(1, node, (field) => (field.number === 5 ? editAttribute(bytesOf(node, field), name, replace) : 'keep'))
}

/** Edits every weight of a GraphProto. */
export const editWeights =
  (graph: Uint8Array, replace: Replace) =>
  (field: Field): Edit => {
    if (field.number === 5) return editTensor(bytesOf(graph, field), 5, undefined, replace)
    return field.number === 1 ? editNode(bytesOf(graph, field), replace) : 'keep'
  }
