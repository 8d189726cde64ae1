import { encode } from 'fast-png'
import type { Tensor } from '@grad-ts/tensor'
import { settle } from '../internal/settle.ts'
import type { Constant } from '@grad-ts/tensor'

/**
 * Makes a PNG of a picture, as a data address for an HTML page.
 *
 * @param pixels `[height, width]` grey or `[height, width, 3]`, from 0 (black) to `white`
 * @param options.white the value of full brightness (default 1)
 */
export const imageAddress = (pixels: Tensor, { white = 1 }: { readonly white?: number } = {}): string => {
  const { attributes, shape } = settle(pixels) as Constant
  const [height = 1, width = 1, channels = 1] = shape
  const data = Uint8Array.from(attributes.data, (value) => Math.max(0, Math.min(255, Math.round((value / white) * 255))))
  return `data:image/png;base64,${Buffer.from(encode({ width, height, data, channels })).toString('base64')}`
}
