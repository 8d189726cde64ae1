import { add, node, reshape, sizeOf, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, intsAttribute, numbersAt, optionalAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { alongChannels } from './layout.ts'
import { checkShape } from './shape.ts'
import type { Window } from './window.ts'
import { halves, listFor, padsOf, reachOf, spatialOf, windowOf } from './window.ts'

/** How a kernel slides, checked against the kernel. */
export const convolutionWindow = (call: Call, x: Tensor, kernel: Tensor): Window => {
  const shape = intsAttribute(call, 'kernel_shape') ?? spatialOf(kernel)
  if (shape.some((length, i) => length !== kernel.shape[i + 2]))
    return fail(call, `kernel_shape [${shape.join(', ')}] is not that of the weight`)
  return windowOf(call, x, shape)
}

const conv: Converter = (call) => {
  const x = tensorAt(call, 0)
  const kernel = tensorAt(call, 1)
  const { strides, dilations, before, after } = convolutionWindow(call, x, kernel)
  const y = node('conv', [x, kernel], { strides, dilations, before, after, groups: intAttribute(call, 'group', 1) })
  const bias = optionalAt(call, 2)
  return bias === undefined ? y : add(y, alongChannels(y, bias))
}

/** The transposed convolution is the gradient of a convolution with respect to its input. */
const convTranspose: Converter = (call) => {
  const x = tensorAt(call, 0)
  const kernel = tensorAt(call, 1)
  const spatial = spatialOf(x)
  const lengths = intsAttribute(call, 'kernel_shape') ?? spatialOf(kernel)
  const strides = listFor(call, 'strides', spatial.length, 1)
  const dilations = listFor(call, 'dilations', spatial.length, 1)
  const extra = listFor(call, 'output_padding', spatial.length, 0)
  const full = spatial.map(
    (length, i) => (strides[i] as number) * (length - 1) + (extra[i] as number) + reachOf(lengths[i] as number, dilations[i] as number),
  )
  const mode = stringAttribute(call, 'auto_pad', 'NOTSET')
  const isSame = mode === 'SAME_UPPER' || mode === 'SAME_LOWER'
  const asked =
    intsAttribute(call, 'output_shape')?.slice(-spatial.length) ??
    (isSame ? spatial.map((length, i) => length * (strides[i] as number)) : undefined)
  const pads =
    asked === undefined
      ? padsOf(call, spatial, lengths, strides, dilations)
      : full.map((length, i) => halves(Math.max(0, length - (asked[i] as number)), mode === 'SAME_UPPER'))
  const [before, after] = [pads.map(([amount]) => amount), pads.map(([, amount]) => amount)]
  const target = asked ?? full.map((length, i) => length - (before[i] as number) - (after[i] as number))
  checkShape(call, [x.shape[0] ?? 0, kernel.shape[1] ?? 0, ...target])
  const y = node('convInputGradient', [x, kernel], {
    strides,
    dilations,
    before,
    after,
    groups: intAttribute(call, 'group', 1),
    spatial: target,
  })
  const bias = optionalAt(call, 2)
  return bias === undefined ? y : add(y, alongChannels(y, bias))
}

/** Adds the columns of blocks back into an image: the gradient of a convolution that only picks. */
const columnsToImage: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [image, block] = [numbersAt(call, 1), numbersAt(call, 2)]
  const rank = image.length
  const [strides, dilations] = [listFor(call, 'strides', rank, 1), listFor(call, 'dilations', rank, 1)]
  const pads = padsOf(call, image, block, strides, dilations)
  const [batch, columns] = x.shape as [number, number]
  const size = sizeOf(block)
  const channels = columns / size
  if (!Number.isInteger(channels) || block.length !== rank) return fail(call, `${columns} columns are not blocks of [${block.join(', ')}]`)
  const [before, after] = [pads.map(([amount]) => amount), pads.map(([, amount]) => amount)]
  const places = image.map(
    (length, i) =>
      Math.floor(
        (length + (before[i] as number) + (after[i] as number) - reachOf(block[i] as number, dilations[i] as number)) /
          (strides[i] as number),
      ) + 1,
  )
  checkShape(call, [columns * size])
  checkShape(call, [batch, channels, ...image])
  const picks = Array.from({ length: columns * size }, (_, i) => Number(Math.floor(i / size) % size === i % size))
  const kernel = tensor(picks, { shape: [columns, 1, ...block], dtype: x.dtype })
  return node('convInputGradient', [reshape(x, [batch, columns, ...places]), kernel], {
    strides,
    dilations,
    before,
    after,
    groups: channels,
    spatial: image,
  })
}

/** Convolutions and what is made of them. */
export const convolutions: Readonly<Record<string, Converter>> = {
  Col2Im: columnsToImage,
  Conv: conv,
  ConvTranspose: convTranspose,
}
