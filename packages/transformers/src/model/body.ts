import { dense, dropout, embedding, encoderBlock, learnedPositions, normal } from '@grad-ts/nn'
import type { Context, EmbeddingParams, EncoderBlockParams, KernelAndBias, ScaleAndBias } from '@grad-ts/nn'
import { add, foldIn, sliceAxis, splitKey, squeeze, tanh } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Architecture } from './architecture.ts'
import { checkInputs, contextOf } from './inputs.ts'
import type { TextInputs } from './inputs.ts'

/** The weights of a model without its head. What a family lacks is `null`. */
export type BodyParams = {
  readonly embeddings: {
    readonly words: EmbeddingParams
    readonly positions: EmbeddingParams | null
    readonly types: EmbeddingParams | null
    readonly norm: ScaleAndBias | null
  }
  readonly layers: readonly EncoderBlockParams[]
  readonly norm: ScaleAndBias | null
  readonly pooler: KernelAndBias | null
}

/** What a model without its head gives. */
export type Features = {
  /** `[batch, time, size]` */
  readonly lastHiddenState: Tensor
  /** The embeddings, then what each block gives; the last one is `lastHiddenState`. */
  readonly hiddenStates: readonly Tensor[]
  /** The first token of each row, turned into a summary `[batch, size]`; `null` in models without a pooler. */
  readonly pooled: Tensor | null
}

/** A context with a key of its own for the part with this number. */
const withKey = (context: Context, part: number): Context =>
  context.key === undefined ? context : { ...context, key: foldIn(context.key, part) }

const partsOf = (architecture: Architecture, hasPooler: boolean) => {
  const { vocabulary, size, positions, types, block, causal, normLayer, stddev } = architecture
  const tableInit = normal({ stddev })
  return {
    words: embedding({ count: vocabulary, size, tableInit }),
    positions: positions === null ? null : learnedPositions({ length: positions, size, tableInit }),
    types: types === null ? null : embedding({ count: types, size, tableInit }),
    block: encoderBlock({ ...block, size, causal, normLayer, kernelInit: tableInit }),
    pooler: hasPooler ? dense({ in: size, out: size, kernelInit: tableInit }) : null,
    drop: dropout({ rate: architecture.embeddingDropout }),
  }
}

type Parts = ReturnType<typeof partsOf>

/** The rows of the segments; where none are given, every token is in the first. */
const segments = ({ types }: Parts, params: EmbeddingParams, { tokenTypeIds }: TextInputs): Tensor =>
  types === null || tokenTypeIds === undefined ? sliceAxis(params.table, 0, { end: 1 }) : types.apply(params, tokenTypeIds)

const embed = (
  parts: Parts,
  architecture: Architecture,
  params: BodyParams['embeddings'],
  inputs: TextInputs,
  context: Context,
): Tensor => {
  const words = parts.words.apply(params.words, inputs.inputIds)
  const typed = params.types === null ? words : add(words, segments(parts, params.types, inputs))
  const placed = parts.positions === null || params.positions === null ? typed : parts.positions.apply(params.positions, typed, context)
  const normed = params.norm === null ? placed : architecture.normLayer.apply(params.norm, placed)
  return parts.drop.apply(null, normed, withKey(context, 0))
}

const pool = ({ pooler }: Parts, params: KernelAndBias | null, hidden: Tensor): Tensor | null =>
  pooler === null || params === null ? null : tanh(pooler.apply(params, squeeze(sliceAxis(hidden, 1, { end: 1 }), 1)))

/** Makes the part of a model that all its heads share. */
export const bodyOf = (architecture: Architecture, hasPooler: boolean) => {
  const parts = partsOf(architecture, hasPooler)
  const { normLayer, normAt, layers } = architecture
  return {
    init: (key: Tensor): BodyParams => {
      const [words, positions, types, norms, pooler, blocks] = splitKey(key, 6)
      return {
        embeddings: {
          words: parts.words.init(words),
          positions: parts.positions === null ? null : parts.positions.init(positions),
          types: parts.types === null ? null : parts.types.init(types),
          norm: normAt === 'embeddings' ? normLayer.init(norms) : null,
        },
        layers: splitKey<number>(blocks, layers).map((block) => parts.block.init(block)),
        norm: normAt === 'end' ? normLayer.init(norms) : null,
        pooler: parts.pooler === null ? null : parts.pooler.init(pooler),
      }
    },
    apply: (params: BodyParams, inputs: TextInputs, given: Context): Features => {
      checkInputs(architecture, inputs)
      const context = contextOf(inputs, given)
      const states = [embed(parts, architecture, params.embeddings, inputs, context)]
      params.layers.forEach((layer, i) => states.push(parts.block.apply(layer, states[i] as Tensor, withKey(context, i + 1))))
      const last = states.pop() as Tensor
      const lastHiddenState = params.norm === null ? last : normLayer.apply(params.norm, last)
      return { lastHiddenState, hiddenStates: [...states, lastHiddenState], pooled: pool(parts, params.pooler, lastHiddenState) }
    },
  }
}
