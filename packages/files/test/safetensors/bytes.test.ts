import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roundTo, tensor, toArray } from '@grad-ts/tensor'
import type { Constant, DType } from '@grad-ts/tensor'
import { decodeSafetensors, encodeSafetensors } from '../../src/index.ts'

const encoded = (tensors: Readonly<Record<string, Constant>>, metadata?: Readonly<Record<string, string>>): Uint8Array =>
  Uint8Array.from(Buffer.concat(encodeSafetensors(tensors, metadata)))

const decoded = (bytes: Uint8Array) => {
  const result = decodeSafetensors(bytes)
  if (result._tag === 'Left') throw result.left
  return result.right
}

const reason = (bytes: Uint8Array): string => {
  const result = decodeSafetensors(bytes)
  return result._tag === 'Left' ? result.left.message : 'it was accepted'
}

const withHeader = (header: unknown, data: readonly number[] = []): Uint8Array => {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(new TextEncoder().encode(text), 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

const anyTensor = fc
  .record({
    dtype: fc.constantFrom<DType[]>('float64', 'float32', 'float16', 'int32', 'bool'),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    seed: fc.array(fc.integer({ min: -70000, max: 70000 }), { minLength: 27, maxLength: 27 }),
  })
  .map(({ dtype, shape, seed }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = seed.slice(0, size).map((value) => roundTo(dtype, dtype === 'int32' || dtype === 'bool' ? value : value / 97))
    return tensor(Float64Array.from(values), { shape, dtype })
  })

describe('safetensors', () => {
  it('gives back what it was given', () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), anyTensor, { maxKeys: 5 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        (tensors, metadata) => {
          fc.pre(!('__metadata__' in tensors) && !('__proto__' in tensors))
          const result = decoded(encoded(tensors, metadata))
          expect(new Set(Object.keys(result.tensors))).toEqual(new Set(Object.keys(tensors)))
          for (const [name, { attributes, shape, dtype }] of Object.entries(result.tensors)) {
            expect([name, dtype, shape]).toEqual([name, tensors[name]?.dtype, tensors[name]?.shape])
            expect(attributes.data).toEqual(tensors[name]?.attributes.data)
          }
          expect(result.metadata).toEqual(metadata)
        },
      ),
      { numRuns: 60 },
    ))

  it('lays the file out as the reference does: header length, padded JSON, tensors wide to narrow', () => {
    const bytes = encoded({ b: tensor([true], {}), a: tensor(Int32Array.of(1)), c: tensor([1, 2]) })
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      a: { dtype: 'I32', shape: [1], data_offsets: [0, 4] },
      c: { dtype: 'F32', shape: [2], data_offsets: [4, 12] },
      b: { dtype: 'BOOL', shape: [1], data_offsets: [12, 13] },
    })
  })

  it('keeps the special values of half precision', () => {
    const values = Float32Array.of(Infinity, -Infinity, NaN, 65504, 2 ** -24, -(2 ** -14), 0)
    expect(decoded(encoded({ h: tensor(values, { dtype: 'float16' }) })).tensors['h']?.attributes.data).toEqual(values)
  })

  it('reads bfloat16 and 64-bit integers', () => {
    const file = withHeader(
      { b: { dtype: 'BF16', shape: [1], data_offsets: [0, 2] }, i: { dtype: 'I64', shape: [1], data_offsets: [2, 10] } },
      [0xc0, 0x3f, 254, 255, 255, 255, 255, 255, 255, 255],
    )
    expect(decoded(file).tensors['b']?.attributes.data).toEqual(Float32Array.of(1.5))
    expect(decoded(file).tensors['i']?.attributes.data).toEqual(Int32Array.of(-2))
  })

  it('refuses what is damaged and says why', () => {
    const good = encoded({ w: tensor([1, 2, 3]) })
    expect(reason(good.slice(0, 5))).toMatch('it has 5 bytes')
    expect(reason(good.slice(0, 30))).toMatch('it is truncated or another format')
    expect(reason(good.slice(0, -1))).toMatch('it is truncated or has foreign bytes at its end')
    expect(reason(Uint8Array.from([...good, 0]))).toMatch('it is truncated or has foreign bytes at its end')
    expect(reason(withHeader('{"a":'))).toMatch('its header is not JSON')
    expect(reason(withHeader([]))).toMatch('not a JSON object')
    expect(reason(withHeader({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, [0, 0, 0, 0]))).toMatch(
      "'a' of shape [2] needs 8 bytes, its offsets span 4",
    )
    expect(reason(withHeader({ a: { dtype: 'X9', shape: [1], data_offsets: [0, 1] } }, [0]))).toMatch("'a' has the element type X9")
    expect(reason(withHeader({ a: { shape: [1] } }))).toMatch("the entry of 'a' needs dtype, shape and data_offsets")
    expect(reason(withHeader({ a: { dtype: 'U8', shape: [1], data_offsets: [1, 2] } }, [0, 0]))).toMatch("'a' starts at 1, expected 0")
  })

  it('reads a file of the reference implementation', async () => {
    const bytes = await readFile(fileURLToPath(new URL('../fixtures/reference.safetensors', import.meta.url)))
    const { tensors, metadata } = decoded(bytes)
    expect(Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, [each.dtype, toArray(each)]]))).toEqual({
      w: [
        'float32',
        [
          [1.5, -2],
          [3, 4],
        ],
      ],
      h: ['float16', [0.5, 65504]],
      i: ['int32', [1, -7]],
      flags: ['bool', [true, false]],
      scalar: ['float64', 2.5],
    })
    expect(metadata).toEqual({ made: 'by the reference implementation' })
  })
})
