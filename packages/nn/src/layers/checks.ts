import { LayerError } from '../errors.ts'

/** Refuses sizes that are no positive whole numbers, when the layer is made and not at its first use. */
export const checkSizes = (layer: string, sizes: Readonly<Record<string, number>>): void => {
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 1) throw new LayerError(layer, `expected ${name} to be a positive whole number, got ${size}`)
}

/** Refuses shares outside 0 up to, not including, 1. */
export const checkRate = (layer: string, name: string, rate: number): void => {
  if (!(rate >= 0 && rate < 1)) throw new LayerError(layer, `expected ${name} from 0 up to, not including, 1, got ${rate}`)
}
