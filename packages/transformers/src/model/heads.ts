import { dense, dropout, normal, zeros } from '@grad-ts/nn'
import type { Context, KernelAndBias, ScaleAndBias } from '@grad-ts/nn'
import {
  add,
  arange,
  argMax,
  cast,
  expandDims,
  foldIn,
  matmul,
  mul,
  notEqual,
  oneHot,
  sliceAxis,
  squeeze,
  splitKey,
  sum,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Architecture } from './architecture.ts'
import type { Features } from './body.ts'
import { asMask } from './inputs.ts'
import type { TextInputs } from './inputs.ts'

/** What a model is for. */
export type HeadName = 'none' | 'maskedLm' | 'causalLm' | 'sequenceClassification' | 'tokenClassification'

/** The weights of each head. A language model that reads its logits off the embeddings has no kernel. */
export interface HeadParams {
  readonly none: null
  readonly maskedLm: {
    readonly dense: KernelAndBias
    readonly norm: ScaleAndBias
    /** `[size, vocabulary]` */
    readonly kernel: Tensor | null
    /** `[vocabulary]` */
    readonly bias: Tensor
  }
  readonly causalLm: { readonly kernel: Tensor | null }
  readonly sequenceClassification: KernelAndBias
  readonly tokenClassification: KernelAndBias
}

/**
 * What a model gives: `Features` without a head; logits of tokens `[batch, time, vocabulary]`, of rows `[batch, labels]` or of each
 * token `[batch, time, labels]`.
 */
export interface HeadOutputs {
  readonly none: Features
  readonly maskedLm: Tensor
  readonly causalLm: Tensor
  readonly sequenceClassification: Tensor
  readonly tokenClassification: Tensor
}

/** What a head reads besides its weights. */
export interface HeadInputs {
  readonly features: Features
  /** The embeddings of tokens `[vocabulary, size]`. */
  readonly table: Tensor
  readonly inputs: TextInputs
  readonly context: Context
}

interface Head<Name extends HeadName> {
  readonly init: (key: Tensor) => HeadParams[Name]
  readonly apply: (params: HeadParams[Name], given: HeadInputs) => HeadOutputs[Name]
}

const logitsOf = (x: Tensor, kernel: Tensor | null, table: Tensor): Tensor =>
  kernel === null ? matmul(x, table, { transposeB: true }) : matmul(x, kernel)

const kernelOf = ({ tied, size, vocabulary, stddev }: Architecture, key: Tensor): Tensor | null =>
  tied ? null : normal({ stddev })(key, [size, vocabulary])

const maskedLm = (architecture: Architecture): Head<'maskedLm'> => {
  const { size, vocabulary, stddev, normLayer, headActivation } = architecture
  const transform = dense({ in: size, out: size, kernelInit: normal({ stddev }) })
  return {
    init: (key) => {
      const [denseKey, normKey, kernelKey] = splitKey(key, 3)
      return {
        dense: transform.init(denseKey),
        norm: normLayer.init(normKey),
        kernel: kernelOf(architecture, kernelKey),
        bias: zeros(key, [vocabulary]),
      }
    },
    apply: (params, { features, table }) => {
      const x = normLayer.apply(params.norm, headActivation(transform.apply(params.dense, features.lastHiddenState)))
      return add(logitsOf(x, params.kernel, table), params.bias)
    },
  }
}

const causalLm = (architecture: Architecture): Head<'causalLm'> => ({
  init: (key) => ({ kernel: kernelOf(architecture, key) }),
  apply: ({ kernel }, { features, table }) => logitsOf(features.lastHiddenState, kernel, table),
})

/** The last real token of each row: a decoder has read all the others when it comes to that one. */
const lastToken = ({ paddingId }: Architecture, { features: { lastHiddenState: x }, inputs }: HeadInputs): Tensor => {
  const { inputIds, attentionMask } = inputs
  if (attentionMask === undefined && paddingId === null) return squeeze(sliceAxis(x, 1, { start: -1 }), 1)
  const real = attentionMask === undefined ? notEqual(inputIds, paddingId as number) : asMask(attentionMask)
  const time = x.shape[1] as number
  const last = argMax(mul(cast(real, 'int32'), arange(time)), { axis: -1 })
  return sum(mul(x, expandDims(cast(oneHot(last, time), x.dtype), -1)), { axes: 1 })
}

interface Classifier {
  readonly init: (key: Tensor) => KernelAndBias
  readonly apply: (params: KernelAndBias, given: HeadInputs) => Tensor
}

const classifier = (architecture: Architecture, labels: number, pick: (given: HeadInputs) => Tensor, useBias: boolean): Classifier => {
  const { size, stddev, headDropout, layers } = architecture
  const [drop, last] = [dropout({ rate: headDropout }), dense({ in: size, out: labels, useBias, kernelInit: normal({ stddev }) })]
  return {
    init: last.init,
    apply: (params, given) => {
      const { key } = given.context
      // The body has used the numbers up to that of its last block.
      const context = key === undefined ? given.context : { ...given.context, key: foldIn(key, layers + 1) }
      return last.apply(params, drop.apply(null, pick(given), context))
    },
  }
}

/** Makes a head. */
export const headOf = (name: HeadName, architecture: Architecture, labels: number): Head<HeadName> => {
  const { causal } = architecture
  const pooled = (given: HeadInputs): Tensor => (causal ? lastToken(architecture, given) : (given.features.pooled as Tensor))
  const heads: { readonly [Name in HeadName]: () => Head<Name> } = {
    none: () => ({ init: () => null, apply: (_, { features }) => features }),
    maskedLm: () => maskedLm(architecture),
    causalLm: () => causalLm(architecture),
    sequenceClassification: () => classifier(architecture, labels, pooled, !causal),
    tokenClassification: () => classifier(architecture, labels, ({ features }) => features.lastHiddenState, true),
  }
  return heads[name]() as Head<HeadName>
}
