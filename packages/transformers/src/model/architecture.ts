import type { Layer, ScaleAndBias, TransformerOptions } from '@grad-ts/nn'
import type { Tensor } from '@grad-ts/tensor'

/** What the families differ in, once their configurations are read. */
export interface Architecture {
  /** How many tokens there are. */
  readonly vocabulary: number
  readonly size: number
  /** How many blocks. */
  readonly layers: number
  readonly block: Omit<TransformerOptions, 'size' | 'normLayer'>
  /** Whether a step sees only itself and earlier ones. */
  readonly causal: boolean
  readonly normLayer: Layer<ScaleAndBias, null>
  /** How many learned positions there are; `null` where queries and keys are turned by theirs. */
  readonly positions: number | null
  /** How many kinds of segments there are, if any. */
  readonly types: number | null
  /** Where a norm stands besides those of the blocks. */
  readonly normAt: 'embeddings' | 'end'
  readonly embeddingDropout: number
  /** Before the last layer of a classifier. */
  readonly headDropout: number
  readonly headActivation: (x: Tensor) => Tensor
  /** Whether a language model reads its logits off the embeddings. */
  readonly tied: boolean
  /** The token of padding, where there is one. */
  readonly paddingId: number | null
  /** Spread of new weights. */
  readonly stddev: number
}
