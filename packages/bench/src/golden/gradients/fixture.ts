import { tensor } from '@grad-ts/tensor'
import type { FloatDType, NestedArray, Tensor } from '@grad-ts/tensor'

type Numbers = number | string | boolean | readonly Numbers[]

/** A case of a `torch-grad/1` file. */
export interface GradientCase {
  readonly name: string
  readonly code: string
  readonly inputs: Readonly<Record<string, Numbers>>
  readonly shapes: Readonly<Record<string, readonly number[]>>
  readonly int_inputs?: readonly string[]
  readonly bool_inputs?: readonly string[]
  readonly wrt: readonly string[]
  readonly out: readonly Numbers[]
  readonly cotangent: readonly Numbers[]
  readonly out_shapes: readonly (readonly number[])[]
  readonly loss?: number
  readonly grads: Readonly<Record<string, Numbers>>
  readonly vector?: Readonly<Record<string, Numbers>>
  readonly hvp?: Readonly<Record<string, Numbers>>
}

/** NaN and infinities are strings in a fixture. */
const parsed = (values: Numbers): NestedArray =>
  Array.isArray(values) ? values.map(parsed) : typeof values === 'boolean' ? values : Number(values)

export const arrayOf = (values: Numbers, shape: readonly number[], dtype: FloatDType): Tensor => tensor(parsed(values), { dtype, shape })

/** The inputs of a case by name. */
export const inputsOf = (fixture: GradientCase, dtype: FloatDType): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(fixture.inputs).map(([name, values]) => {
      const kind = fixture.int_inputs?.includes(name) ? 'int32' : fixture.bool_inputs?.includes(name) ? 'bool' : dtype
      return [name, tensor(parsed(values), { dtype: kind, ...(fixture.shapes[name] === undefined ? {} : { shape: fixture.shapes[name] }) })]
    }),
  )
