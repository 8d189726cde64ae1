/** Part of a WebAssembly binary. Kernels are a few hundred bytes, so plain numbers do. */
export type Bytes = readonly number[]

/** Writes a whole number ≥ 0 in LEB128: seven bits a byte, the lowest first, the top bit marks that more follow. */
export const unsigned = (value: number): Bytes => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)])

/** Writes a signed 32-bit integer in LEB128; the last byte carries the sign in bit six. */
export const signed = (value: number): Bytes => {
  const rest = value >> 7
  const last = rest === (value & 64 ? -1 : 0)
  return last ? [value & 127] : [(value & 127) | 128, ...signed(rest)]
}

/** Writes the four bytes of a float32, the lowest first. */
export const float32 = (value: number): Bytes => [...new Uint8Array(Float32Array.of(value).buffer)]

/** Writes a count and the items. */
const list = (items: readonly Bytes[]): Bytes => [...unsigned(items.length), ...items.flat()]

const text = (value: string): Bytes => list([...new TextEncoder().encode(value)].map((byte) => [byte]))

const sized = (content: Bytes): Bytes => [...unsigned(content.length), ...content]

const section = (id: number, items: readonly Bytes[]): Bytes => [id, ...sized(list(items))]

/** Types of values, as the binary format numbers them. */
export const valueTypes = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const
export type ValueType = keyof typeof valueTypes

/** A function without a result. Locals are numbered after the parameters. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly body: Bytes
}

const signature = ({ parameters }: WasmFunction): Bytes => [0x60, ...list(parameters.map((type) => [valueTypes[type]])), 0]

const code = ({ locals, body }: WasmFunction): Bytes => sized([...list(locals.map((type) => [1, valueTypes[type]])), ...body, 0x0b])

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const memoryImport = [...text('state'), ...text('memory'), 0x02, 0x00, 0x00]

/**
 * Writes a module that imports the memory `state.memory` and exports its functions as `0`, `1`, ….
 *
 * Reference: WebAssembly Core Specification, chapter 5, Binary Format
 */
export const writeModule = (functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...header,
    ...section(1, functions.map(signature)),
    ...section(2, [memoryImport]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map((_, i) => [...text(String(i)), 0x00, ...unsigned(i)]),
    ),
    ...section(10, functions.map(code)),
  ])
