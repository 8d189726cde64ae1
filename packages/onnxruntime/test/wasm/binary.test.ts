import fc from 'fast-check'
import { expect, test } from 'vitest'
import { float32, signed, unsigned, writeModule } from '../../src/wasm/binary.ts'
import type { Bytes } from '../../src/wasm/binary.ts'
import { get, set } from '../../src/wasm/instructions.ts'

const groups = (bytes: Bytes): bigint => bytes.reduce((value, byte, i) => value | (BigInt(byte & 127) << BigInt(7 * i)), 0n)

const wellFormed = (bytes: Bytes): boolean => bytes.every((byte, i) => byte < 256 && byte >= 128 === i < bytes.length - 1)

test('LEB128 keeps whole numbers of 32 bits', () => {
  fc.assert(
    fc.property(fc.nat(0x7fffffff), (value) => {
      const bytes = unsigned(value)
      expect(wellFormed(bytes)).toBe(true)
      expect(groups(bytes)).toBe(BigInt(value))
    }),
  )
})

test('signed LEB128 keeps integers of 32 bits', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = signed(value)
      expect(wellFormed(bytes)).toBe(true)
      expect(BigInt.asIntN(7 * bytes.length, groups(bytes))).toBe(BigInt(value))
    }),
  )
})

test('encodings are those of the specification', () => {
  expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26])
  expect(signed(-123456)).toEqual([0xc0, 0xbb, 0x78])
  expect(float32(1)).toEqual([0, 0, 0x80, 0x3f])
})

const { validate } = (globalThis as unknown as { WebAssembly: { validate: (bytes: Uint8Array) => boolean } }).WebAssembly

test('an engine takes a module with its parameters and locals, and refuses one that uses a local it has not', () => {
  const copy = (to: number) => writeModule([{ parameters: ['i32', 'f32'], locals: ['f32', 'v128'], body: [...get(1), ...set(to)] }])
  expect(validate(copy(2))).toBe(true)
  expect(validate(copy(3))).toBe(false)
  expect(validate(copy(4))).toBe(false)
})
