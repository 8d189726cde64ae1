import { add, cast, gather, matmul, mul, reshape, sliceAxis, sub, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { constantAt, elementTypeAt, fail, has, intAttribute, optionalAt, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { elementType } from '../../ir.ts'
import { positionOf } from '../layout.ts'
import { besides, dequantised } from '../quantise.ts'
import { wrapped } from '../indexing.ts'
import { checkShape } from '../shape.ts'

/** Numbers of a few bits that lie low bits first in the bytes of the last axis. */
const unpacked = (call: Call, i: number, bits: number): Tensor => {
  const { attributes, shape } = constantAt(call, i)
  const per = 8 / bits
  if (!Number.isInteger(per)) return fail(call, `numbers of ${bits} bits cannot be read; expected 1, 2, 4 or 8`)
  const target = [...shape.slice(0, -1), (shape.at(-1) ?? 1) * per]
  checkShape(call, target)
  const data = Float32Array.from(
    { length: attributes.data.length * per },
    (_, k) => ((attributes.data[Math.floor(k / per)] as number) >> ((k % per) * bits)) & (2 ** bits - 1),
  )
  return tensor(data, { shape: target })
}

const zeroPoints = (call: Call, bits: number, rows: number, blocks: number): Tensor => {
  const given = optionalAt(call, 3)
  if (given === undefined) return tensor(2 ** (bits - 1))
  if (elementTypeAt(call, 3) !== elementType.uint8) return reshape(given, [rows, blocks, 1])
  const packed = unpacked(call, 3, bits)
  return reshape(sliceAxis(reshape(packed, [rows, -1]), 1, { end: blocks }), [rows, blocks, 1])
}

/** A product with a matrix of a few bits, which has a scale for each block of a row. */
const matMulNBits: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [columns, rows] = [intAttribute(call, 'K', 0), intAttribute(call, 'N', 0)]
  const [bits, size] = [intAttribute(call, 'bits', 4), intAttribute(call, 'block_size', 32)]
  if (has(call, 4)) return fail(call, 'a group index cannot be read')
  const blocks = Math.ceil(columns / size)
  const numbers = reshape(unpacked(call, 1, bits), [rows, blocks, size])
  const centered = sub(cast(numbers, x.dtype), cast(zeroPoints(call, bits, rows, blocks), x.dtype))
  const weight = mul(centered, reshape(tensorAt(call, 2), [rows, blocks, 1]))
  const matrix = sliceAxis(reshape(weight, [rows, blocks * size]), 1, { end: columns })
  const product = matmul(reshape(x, [-1, columns]), matrix, { transposeB: true })
  const bias = optionalAt(call, 5)
  return reshape(bias === undefined ? product : add(product, bias), [...x.shape.slice(0, -1), rows])
}

/** Rows of a table of a few bits. */
const gatherBlocks: Converter = (call) => {
  const isPacked = elementTypeAt(call, 0) === elementType.uint8
  const bits = intAttribute(call, 'bits', 4)
  const table = isPacked ? unpacked(call, 0, bits) : tensorAt(call, 0)
  const scales = tensorAt(call, 2)
  const axis = positionOf(call, intAttribute(call, 'quantize_axis', 1), table.shape.length)
  const size = intAttribute(call, 'block_size', 128)
  const zero = optionalAt(call, 3) === undefined ? undefined : isPacked ? unpacked(call, 3, bits) : tensorAt(call, 3)
  const middle = zero === undefined && isPacked ? tensor(2 ** (bits - 1)) : zero
  const beside = (factor: Tensor): Tensor => besides(call, table, factor, axis, size)
  const whole = dequantised(table, beside(scales), middle === undefined ? undefined : beside(middle))
  const at = positionOf(call, intAttribute(call, 'gather_axis', 0), table.shape.length)
  return gather(whole, wrapped(tensorAt(call, 1), table.shape[at] as number), at)
}

/** Weights of a few bits in blocks. */
export const blocks: Readonly<Record<string, Converter>> = { GatherBlockQuantized: gatherBlocks, MatMulNBits: matMulNBits }
