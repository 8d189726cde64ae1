/** A layer that draws random numbers was asked to train without a key. */
export class MissingKeyError extends Error {
  readonly tag = 'MissingKeyError'
  override readonly name = 'MissingKeyError'
  readonly layer: string

  constructor(layer: string) {
    super(`${layer}: expected a key to draw from while training, got none; pass { training: true, key } as the context of apply`)
    this.layer = layer
  }
}

/** The options of a layer contradict each other. */
export class LayerError extends Error {
  readonly tag = 'LayerError'
  override readonly name = 'LayerError'
  readonly layer: string

  constructor(layer: string, reason: string) {
    super(`${layer}: ${reason}`)
    this.layer = layer
  }
}

/** Everything that this package throws, besides the `ShapeError` and `DTypeError` of tensors. */
export type NnError = MissingKeyError | LayerError
