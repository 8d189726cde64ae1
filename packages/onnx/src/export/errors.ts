/** A model gives other graphs, or other constants, for other batch sizes. */
export class DynamicBatchError extends Error {
  readonly tag = 'DynamicBatchError'
  override readonly name = 'DynamicBatchError'

  constructor(reason: string) {
    super(`the model cannot take any batch size: ${reason}; make it treat every example alike, or export it with dynamicBatch: false`)
  }
}
