import { add, matmul, ShapeError, splitKey } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Initializer } from '../initializers/initializer.ts'
import { zeros } from '../initializers/simple.ts'
import { glorotUniform } from '../initializers/variance-scaling.ts'
import { statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'
import { checkSizes } from './checks.ts'

/** A kernel and, unless the layer does without, a bias. */
export type KernelAndBias = { readonly kernel: Tensor; readonly bias: Tensor | null }

export interface DenseOptions {
  readonly in: number
  readonly out: number
  /** Default true. */
  readonly useBias?: boolean
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
  /** Default: zeros. */
  readonly biasInit?: Initializer
}

/**
 * A fully connected layer: y = x·kernel + bias over the last axis.
 *
 * @param options.in length of the last axis of x
 * @param options.out length of the last axis of y
 * @returns a layer `[…, in] → […, out]` with parameters `kernel` `[in, out]` and `bias` `[out]`
 * @throws {ShapeError} when the last axis of x is not `in` long
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { dense } from '@grad-ts/nn'
 * const layer = dense({ in: 3, out: 2 })
 * layer.apply(layer.init(key(0)), ones([5, 3])).shape // => [5, 2]
 */
export const dense = (options: DenseOptions): Layer<KernelAndBias, null> => {
  const { useBias = true, kernelInit = glorotUniform, biasInit = zeros } = options
  checkSizes('dense', { in: options.in, out: options.out })
  return statelessLayer<KernelAndBias>({
    name: 'dense',
    init: (key) => {
      const [kernelKey, biasKey] = splitKey(key, 2) as [Tensor, Tensor]
      return { kernel: kernelInit(kernelKey, [options.in, options.out]), bias: useBias ? biasInit(biasKey, [options.out]) : null }
    },
    apply: ({ kernel, bias }, x) => {
      if (x.shape.at(-1) !== options.in || x.shape.length < 2)
        throw new ShapeError('dense', [x, kernel], `expected x of shape [batch, …, ${options.in}]`)
      if (kernel.shape.length !== 2 || kernel.shape[0] !== options.in || kernel.shape[1] !== options.out)
        throw new ShapeError(
          'dense',
          [x, kernel],
          `expected a kernel [in, out] = [${options.in}, ${options.out}]; transpose it if it is [out, in]`,
        )
      const y = matmul(x, kernel)
      return bias === null ? y : add(y, bias)
    },
  })
}
