/** An option of a transformation or schedule, or a value of a spec, is not what it may be. */
export class SpecError extends Error {
  readonly tag = 'SpecError'
  override readonly name = 'SpecError'
  /** Where the value stands, as in `chain[1].adam.b1`. */
  readonly path: string
  readonly expected: string
  readonly received: string

  constructor(path: string, expected: string, received: string) {
    super(`${path}: expected ${expected}, got ${received}`)
    this.path = path
    this.expected = expected
    this.received = received
  }
}

/** A transformation needs something that its context, its labels or its inner rule do not give. */
export class ContextError extends Error {
  readonly tag = 'ContextError'
  override readonly name = 'ContextError'
  /** The transformation that was called. */
  readonly transformation: string

  constructor(transformation: string, reason: string) {
    super(`${transformation}: ${reason}`)
    this.transformation = transformation
  }
}

/** Too many gradients in a row were NaN or infinite. */
export class NonFiniteError extends Error {
  readonly tag = 'NonFiniteError'
  override readonly name = 'NonFiniteError'
  /** The first leaf, in canonical order, whose gradient was not finite. */
  readonly path: string
  readonly steps: number

  constructor(path: string, steps: number) {
    super(
      `gradient of '${path}': expected finite numbers, got NaN or infinities in ${steps} steps in a row; lower the learning rate, clip the gradients or look for a division by zero in the loss`,
    )
    this.path = path
    this.steps = steps
  }
}

/** Everything that optim reports. */
export type OptimError = SpecError | ContextError | NonFiniteError
