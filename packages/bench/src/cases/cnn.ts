import { dense } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { add, conv, key, maxPool, mul, normal, relu, reshape, splitKey, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { StepCase } from './case.ts'
import { gaussian, labels, trainingCase } from './training.ts'

const first = dense({ in: 64 * 12 * 12, out: 128 })
const second = dense({ in: 128, out: 10 })

const [k1, k2, k3, k4] = splitKey(key(0), 4)

const params = () => ({
  conv1: { kernel: mul(normal(k1, [32, 1, 3, 3]), 0.3), bias: zeros([32, 1, 1]) },
  conv2: { kernel: mul(normal(k2, [64, 32, 3, 3]), 0.06), bias: zeros([64, 1, 1]) },
  first: first.init(k3),
  second: second.init(k4),
})

type Params = ReturnType<typeof params>

const block = ({ kernel, bias }: { readonly kernel: Tensor; readonly bias: Tensor }, x: Tensor): Tensor => relu(add(conv(x, kernel), bias))

const logits = (p: Params, x: Tensor): Tensor => {
  const features = maxPool(block(p.conv2, block(p.conv1, x)), 2)
  return second.apply(p.second, relu(first.apply(p.first, reshape(features, [x.shape[0] as number, -1]))))
}

/** Convolutions of 32 and 64 filters, pooling, dense 128 and 10, on 28×28, batch 64, Adam. */
export const cnn = (scaled = false): StepCase =>
  trainingCase(
    { params: params(), logits: logits as never, classes: 10 },
    adam({ learningRate: 1e-3 }),
    { x: gaussian(1, [64, 1, 28, 28]), y: labels(2, [64], 10) },
    { runs: 12, loop: 4, scaled },
  )
