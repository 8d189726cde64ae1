/** The bytes are not an ONNX model: not a protobuf message, cut off, or without a graph. */
export class OnnxFormatError extends Error {
  readonly tag = 'OnnxFormatError'
  override readonly name = 'OnnxFormatError'
}

/** The graph contradicts itself: a name that nothing defines, a cycle, a name defined twice, a tensor with the wrong number of elements. */
export class OnnxGraphError extends Error {
  readonly tag = 'OnnxGraphError'
  override readonly name = 'OnnxGraphError'
  /** The node, tensor or value that is wrong. */
  readonly subject: string

  constructor(subject: string, message: string) {
    super(message)
    this.subject = subject
  }
}

/** A node uses an operator that cannot be read. */
export class OnnxOpError extends Error {
  readonly tag = 'OnnxOpError'
  override readonly name = 'OnnxOpError'
  readonly node: string
  readonly op: string

  constructor(node: string, op: string, message: string) {
    super(message)
    this.node = node
    this.op = op
  }
}

/** A node's inputs do not fit its operator: wrong shapes, types or attributes, or a value that must be known but is not. */
export class OnnxNodeError extends Error {
  readonly tag = 'OnnxNodeError'
  override readonly name = 'OnnxNodeError'
  readonly node: string
  readonly op: string
  /** The node's inputs as `name float32[2, 3]`, weights marked as such. */
  readonly inputs: readonly string[]

  constructor(node: string, op: string, inputs: readonly string[], reason: string, cause?: unknown) {
    super(`node '${node}' (${op}), inputs ${inputs.length === 0 ? 'none' : inputs.join(', ')}: ${reason}`, { cause })
    this.node = node
    this.op = op
    this.inputs = inputs
  }
}

/** A weight that should be trained gets no gradient: an op that has none lies between it and every output. */
export class OnnxGradientError extends Error {
  readonly tag = 'OnnxGradientError'
  override readonly name = 'OnnxGradientError'
  readonly weight: string
  readonly node: string
  readonly op: string

  constructor(weight: string, node: string, op: string, message: string) {
    super(message)
    this.weight = weight
    this.node = node
    this.op = op
  }
}

/** The file beside the model that holds its weights is missing, too short, or outside the model's folder. */
export class OnnxExternalDataError extends Error {
  readonly tag = 'OnnxExternalDataError'
  override readonly name = 'OnnxExternalDataError'
  readonly location: string

  constructor(location: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.location = location
  }
}

/** An option does not fit the model: a dimension left unbound, a name that is not there, an input of another shape. */
export class OnnxOptionError extends Error {
  readonly tag = 'OnnxOptionError'
  override readonly name = 'OnnxOptionError'
  readonly option: string

  constructor(option: string, message: string) {
    super(message)
    this.option = option
  }
}

/** The model would need more nodes, elements or nesting than a reader should spend on it. */
export class OnnxLimitError extends Error {
  readonly tag = 'OnnxLimitError'
  override readonly name = 'OnnxLimitError'
}

/** What reading, changing or writing an ONNX model may answer. */
export type OnnxError =
  | OnnxFormatError
  | OnnxGraphError
  | OnnxOpError
  | OnnxNodeError
  | OnnxGradientError
  | OnnxExternalDataError
  | OnnxOptionError
  | OnnxLimitError

/** Tells the errors of this package from bugs. */
export const isOnnxError = (error: unknown): error is OnnxError =>
  error instanceof OnnxFormatError ||
  error instanceof OnnxGraphError ||
  error instanceof OnnxOpError ||
  error instanceof OnnxNodeError ||
  error instanceof OnnxGradientError ||
  error instanceof OnnxExternalDataError ||
  error instanceof OnnxOptionError ||
  error instanceof OnnxLimitError
