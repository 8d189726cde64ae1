import { input, rebuild, substitute, topologicalOrder } from '@grad-ts/tensor'
import type { Body, OpAttributes, Tensor } from '@grad-ts/tensor'

/** A scan whose body computes in mixed precision; some of its operands are float16. */
export interface MixedScan {
  readonly attributes: OpAttributes['scan']
  /** The places of the operands that the body takes as float16. */
  readonly half: ReadonlySet<number>
}

const isRounding = ({ op, dtype }: Tensor): boolean => op === 'cast' && dtype === 'float16'

/** What a body rounds at every step although it is the same at all of them, or was known before: by its placeholder. */
const roundedInputs = ({ inputs, outputs }: Body, carries: number): ReadonlyMap<Tensor, Tensor> => {
  const users = new Map<Tensor, Tensor[]>()
  for (const node of topologicalOrder(outputs)) for (const operand of node.inputs) users.set(operand, [...(users.get(operand) ?? []), node])
  const rounded = inputs.slice(carries).flatMap((placeholder): [Tensor, Tensor][] => {
    const [first, ...rest] = users.get(placeholder) ?? []
    return first !== undefined && rest.length === 0 && isRounding(first) && !outputs.includes(placeholder) ? [[placeholder, first]] : []
  })
  return new Map(rounded)
}

/**
 * Brings a scan's body to mixed precision. Carries and outputs stay float32; what the body only rounds is rounded once, outside.
 *
 * @param mix brings a list of outputs to mixed precision
 * @returns nothing when the body has no products
 */
export const mixScan = ({ attributes }: Tensor<'scan'>, mix: (outputs: readonly Tensor[]) => readonly Tensor[]): MixedScan | undefined => {
  const { body, carries } = attributes
  const outputs = mix(body.outputs)
  if (outputs.every((output, i) => output === body.outputs[i])) return undefined
  const rounded = roundedInputs({ inputs: body.inputs, outputs }, carries)
  const inputs = body.inputs.map((placeholder) => {
    const { name, shape } = (placeholder as Tensor<'input'>).attributes
    return rounded.has(placeholder) ? (input(name, shape, 'float16') as Tensor) : placeholder
  })
  const replaced = new Map(
    body.inputs.flatMap((placeholder, i): [Tensor, Tensor][] => {
      const cast = rounded.get(placeholder)
      return cast === undefined ? [] : [[cast, inputs[i] as Tensor]]
    }),
  )
  return {
    attributes: { ...attributes, body: { inputs, outputs: substitute(outputs, replaced, rebuild) } },
    half: new Set(body.inputs.flatMap((placeholder, i) => (rounded.has(placeholder) ? [i] : []))),
  }
}
