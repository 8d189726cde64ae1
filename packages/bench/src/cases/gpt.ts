import { dense, layerNorm } from '@grad-ts/nn'
import { adamw, chain, clipByGlobalNorm } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import {
  add,
  constantOf,
  div,
  erf,
  gather,
  key,
  matmul,
  mul,
  normal,
  reshape,
  sliceAxis,
  softmax,
  splitKey,
  transpose,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { StepCase } from './case.ts'
import { labels, trainingCase } from './training.ts'
import type { TrainingOptions } from './training.ts'

interface Size {
  readonly layers: number
  readonly heads: number
  readonly width: number
  readonly context: number
  readonly batch: number
}

const vocabulary = 65

const norm = (width: number) => layerNorm({ features: width })

const parts = ({ width }: Size) => ({
  norm1: norm(width),
  norm2: norm(width),
  qkv: dense({ in: width, out: 3 * width }),
  out: dense({ in: width, out: width }),
  up: dense({ in: width, out: 4 * width }),
  down: dense({ in: 4 * width, out: width }),
})

const blockParams = (size: Size, from: Tensor) => {
  const layers = parts(size)
  const keys = splitKey(from, 4)
  return {
    norm1: layers.norm1.init(keys[0]),
    norm2: layers.norm2.init(keys[0]),
    qkv: layers.qkv.init(keys[0]),
    out: layers.out.init(keys[1]),
    up: layers.up.init(keys[2]),
    down: layers.down.init(keys[3]),
  }
}

const initial = (size: Size) => {
  const keys = splitKey(key(0), size.layers + 3) as readonly Tensor[]
  return {
    tokens: mul(normal(keys[0] as Tensor, [vocabulary, size.width]), 0.02),
    positions: mul(normal(keys[1] as Tensor, [size.context, size.width]), 0.02),
    head: mul(normal(keys[2] as Tensor, [size.width, vocabulary]), 0.02),
    norm: norm(size.width).init(keys[0] as Tensor),
    blocks: keys.slice(3).map((blockKey) => blockParams(size, blockKey)),
  }
}

type Params = ReturnType<typeof initial>

/** Nothing for what a position may see, a large negative number for what follows it. */
const causal = (context: number): Tensor => {
  const data = new Float32Array(context * context)
  for (let row = 0; row < context; row++) data.fill(-1e9, row * context + row + 1, (row + 1) * context)
  return constantOf(data, [context, context], 'float32')
}

const attention = (x: Tensor, { heads, width, context, batch }: Size, mask: Tensor): Tensor => {
  const split = transpose(reshape(x, [batch, context, 3, heads, width / heads]), [2, 0, 3, 1, 4])
  const [q, k, v] = [0, 1, 2].map((i) =>
    reshape(sliceAxis(split, 0, { start: i, end: i + 1 }), [batch, heads, context, width / heads]),
  ) as [Tensor, Tensor, Tensor]
  const scores = div(matmul(q, k, { transposeB: true }), Math.sqrt(width / heads))
  return reshape(transpose(matmul(softmax(add(scores, mask)), v), [0, 2, 1, 3]), [batch, context, width])
}

const gelu = (x: Tensor): Tensor => mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1))

const logitsOf =
  (size: Size) =>
  (p: Params, tokens: Tensor): Tensor => {
    const layers = parts(size)
    const mask = causal(size.context)
    const x = p.blocks.reduce(
      (h, block) => {
        const attended = attention(layers.qkv.apply(block.qkv, layers.norm1.apply(block.norm1, h)), size, mask)
        const after = add(h, layers.out.apply(block.out, attended))
        return add(after, layers.down.apply(block.down, gelu(layers.up.apply(block.up, layers.norm2.apply(block.norm2, after)))))
      },
      add(gather(p.tokens, tokens), p.positions),
    )
    return matmul(norm(size.width).apply(p.norm, x), p.head)
  }

const clippedAdamw = (): GradientTransformation => chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3 })) as GradientTransformation

/** A character model on tokens drawn at random, and its step of AdamW with clipping or of another solver. */
export const gptCase = (size: Size, options: TrainingOptions, solver: GradientTransformation = clippedAdamw()): StepCase => {
  const tokens = (seed: number) => labels(seed, [size.batch, size.context], vocabulary)
  return trainingCase(
    { params: initial(size), logits: logitsOf(size) as never, classes: vocabulary },
    solver,
    { x: tokens(1), y: tokens(2) },
    options,
  )
}

/** 4 layers, 4 heads, width 128, context 64, batch 12: a size for CPUs. */
export const gptSize: Size = { layers: 4, heads: 4, width: 128, context: 64, batch: 12 }

/** A character model: 4 layers, 4 heads, width 128, context 64, batch 12, AdamW with clipping. */
export const gpt = (scaled = false): StepCase => gptCase(gptSize, { runs: 15, loop: 4, scaled })

/** 6 layers, 6 heads, width 384, context 256, batch 64: a size for GPUs. */
export const largeGpt = (scaled = false): StepCase =>
  gptCase({ layers: 6, heads: 6, width: 384, context: 256, batch: 64 }, { runs: 10, loop: 4, scaled })
