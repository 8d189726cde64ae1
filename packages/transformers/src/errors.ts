import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { FileError, SafetensorsError, WriteError } from '@grad-ts/files'

/** A configuration asks for something that is wrong or not supported. */
export class ConfigError extends Error {
  readonly tag = 'ConfigError'
  override readonly name = 'ConfigError'
  /** Which entry, as `rope_scaling.rope_type`. */
  readonly path: string
  readonly expected: string
  /** What stood there, as JSON. */
  readonly received: string

  constructor(path: string, expected: string, received: unknown) {
    const shown = received === undefined ? 'nothing' : JSON.stringify(received)
    super(`config: ${path === '' ? '' : `${path}: `}expected ${expected}, got ${shown}`)
    this.path = path
    this.expected = expected
    this.received = shown
  }
}

/** A file of a model is not in its folder. Nothing is fetched. */
export class MissingFileError extends Error {
  readonly tag = 'MissingFileError'
  override readonly name = 'MissingFileError'
  /** Where it was looked for. */
  readonly path: string
  /** Under which name it is published, such as `model.safetensors of bert-base-uncased on the Hugging Face Hub`. */
  readonly published: string

  constructor(path: string, published: string, advice: string) {
    super(`${path}: no such file; nothing is fetched. It is published as ${published}; ${advice}`)
    this.path = path
    this.published = published
  }
}

/** What is wrong with the weights of a file. */
export type WeightsFault = 'missing' | 'shape' | 'dtype' | 'tied'

/** The weights of a file do not fit the model. */
export class WeightsError extends Error {
  readonly tag = 'WeightsError'
  override readonly name = 'WeightsError'
  readonly path: string
  readonly fault: WeightsFault
  /** Their names in the file. */
  readonly tensors: readonly string[]

  constructor(path: string, fault: WeightsFault, tensors: readonly string[], detail: string) {
    super(`${path}: ${detail}`)
    this.path = path
    this.fault = fault
    this.tensors = tensors
  }
}

/** A tokenizer cannot be made, or cannot do what is asked of it. */
export class TokenizerError extends Error {
  readonly tag = 'TokenizerError'
  override readonly name = 'TokenizerError'

  constructor(reason: string, options?: ErrorOptions) {
    super(`tokenizer: ${reason}`, options)
  }
}

/** Everything that this package answers with. */
export type TransformersError = ConfigError | MissingFileError | WeightsError | TokenizerError | FileError | SafetensorsError | WriteError

const known = [ConfigError, MissingFileError, WeightsError, TokenizerError, FileError, SafetensorsError, WriteError]

const asError = (error: unknown): TransformersError => {
  if (known.some((kind) => error instanceof kind)) return error as TransformersError
  throw error
}

/** Makes a task of an async function: what this package can answer with becomes a value, a defect of the program is thrown on. */
export const asTask = <Value>(run: () => Promise<Value>): TE.TaskEither<TransformersError, Value> => TE.tryCatch(run, asError)

/** Gives a value or throws the error: the body of every `…OrThrow`. */
export const valueOrThrow = <Failure, Value>(result: E.Either<Failure, Value>): Value => {
  if (E.isLeft(result)) throw result.left
  return result.right
}
