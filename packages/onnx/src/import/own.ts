import { isTensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { fail, tensorAt } from './call.ts'
import type { Call, Converter } from './call.ts'
import type { Attribute, StoredNode } from './ir.ts'

/** An attribute of a node as plain data; a tensor is a constant. */
export type OwnAttribute = number | string | readonly number[] | readonly string[] | Constant

/**
 * An operator of one's own as a function of tensors.
 *
 * @param inputs those of the node; one that the node leaves out is `undefined`
 * @param attributes of the node, by name
 * @returns its output, or all of them
 */
export type OwnOperator = (
  inputs: readonly (Tensor | undefined)[],
  attributes: Readonly<Record<string, OwnAttribute>>,
) => Tensor | readonly Tensor[]

/** Operators by `Name`, or by `domain:Name` outside of ONNX itself. */
export type OwnOperators = Readonly<Record<string, OwnOperator>>

const keyOf = ({ domain, op }: StoredNode): string => (domain === '' ? op : `${domain}:${op}`)

export const ownOperator = (own: OwnOperators, node: StoredNode): OwnOperator | undefined => {
  const key = keyOf(node)
  return Object.hasOwn(own, key) ? own[key] : undefined
}

const plain = (call: Call, attribute: Attribute): OwnAttribute | undefined => {
  switch (attribute.tag) {
    case 'tensor':
      return call.reading.tensorOf(attribute.value)
    case 'reference': {
      const given = call.outer.get(attribute.value)
      return given === undefined ? undefined : plain(call, given)
    }
    case 'graph':
    case 'other':
      return undefined
    default:
      return attribute.value
  }
}

/** Calls an operator of one's own in the place of a converter. */
export const ownConverter =
  (operator: OwnOperator): Converter =>
  (call) => {
    const inputs = call.values.map((value, i) => (value === undefined ? undefined : tensorAt(call, i)))
    const attributes = [...call.node.attributes].flatMap(([name, attribute]) => {
      const value = plain(call, attribute)
      return value === undefined ? [] : [[name, value] as const]
    })
    const result = operator(inputs, Object.fromEntries(attributes))
    return isTensor(result) || result.every(isTensor) ? result : fail(call, 'expected the operator to give tensors')
  }
