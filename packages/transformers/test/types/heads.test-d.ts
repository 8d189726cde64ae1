import type { KernelAndBias } from '@grad-ts/nn'
import type { Tensor } from '@grad-ts/tensor'
import { adam } from '@grad-ts/optim'
import { key, tensor } from '@grad-ts/tensor'
import { fitOrThrow } from '@grad-ts/trainer'
import { describe, expectTypeOf, it } from 'vitest'
import {
  collateCausalLm,
  collated,
  collateLabels,
  fromConfigOrThrow,
  fromPretrainedOrThrow,
  savePretrainedOrThrow,
  tokenLoss,
} from '../../src/index.ts'
import type { Features } from '../../src/index.ts'

const inputIds = tensor([[1]], { dtype: 'int32' })
const solver = adam({ learningRate: 1e-3 })

describe('a head decides what a model gives', () => {
  it('features without one, logits with one', async () => {
    const body = await fromPretrainedOrThrow('bert')
    expectTypeOf(body.model.apply(body.params, { inputIds })).toEqualTypeOf<Features>()
    expectTypeOf(body.params.head).toEqualTypeOf<null>()
    const masked = await fromPretrainedOrThrow('bert', { head: 'maskedLm' })
    expectTypeOf(masked.model.apply(masked.params, { inputIds })).toEqualTypeOf<Tensor>()
    expectTypeOf(masked.params.head.bias).toEqualTypeOf<Tensor>()
    const classifier = fromConfigOrThrow({ model_type: 'bert' }, { head: 'sequenceClassification', labels: 3 })
    expectTypeOf(classifier.init(key(0)).head).toEqualTypeOf<KernelAndBias>()
    // @ts-expect-error there is no such head
    void fromPretrainedOrThrow('bert', { head: 'translation' })
  })

  it('weights belong to the head they were made for', () => {
    const masked = fromConfigOrThrow({ model_type: 'bert' }, { head: 'maskedLm' })
    const body = fromConfigOrThrow({ model_type: 'bert' })
    // @ts-expect-error these are the weights of a body
    masked.apply(body.init(key(0)), { inputIds })
    // @ts-expect-error these are the weights of a masked language model
    void savePretrainedOrThrow('folder', body, masked.init(key(0)))
  })
})

describe('batches fit what is trained', () => {
  it('labels need a model that gives logits', () => {
    const data = collated([{ ids: [1], label: 0 }], collateLabels({ padId: 0 }))
    const classifier = fromConfigOrThrow({ model_type: 'bert' }, { head: 'sequenceClassification' })
    void fitOrThrow({ model: classifier, loss: tokenLoss, data, solver, epochs: 1 })
    // @ts-expect-error a model without a head gives features, of which this is no loss
    void fitOrThrow({ model: fromConfigOrThrow({ model_type: 'bert' }), loss: tokenLoss, data, solver, epochs: 1 })
    // @ts-expect-error items without a label
    collated([{ ids: [1] }], collateLabels({ padId: 0 }))
    collated([{ ids: [1] }], collateCausalLm({ padId: 0 }))
  })
})
