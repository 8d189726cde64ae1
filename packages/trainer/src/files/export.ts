import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { DTypeError, ShapeError, Tensor } from '@grad-ts/tensor'
import type { DynamicBatchError, ExportOptions } from '@grad-ts/onnx'
import { writeAtomicallyOrThrow } from '@grad-ts/files'
import type { WriteError } from '@grad-ts/files'
import type { Layer } from '@grad-ts/nn'
import { attempt, hasTag, orThrow } from '../internal/edge.ts'

/** A trained model, and the inputs it takes. */
export interface ExportSettings<
  Params extends Tree<Tensor>,
  State extends Tree<Tensor>,
  Inputs extends Tree<Tensor>,
> extends ExportOptions {
  readonly model: Layer<Params, State, Inputs, Tree<Tensor>>
  readonly params: Params
  /** Running state of the model (default: its initial one). */
  readonly modelState?: State
  /** Example inputs; only their shapes and dtypes are read. */
  readonly inputs: Inputs
}

/** Why a model could not be exported. */
export type ExportError = WriteError | DynamicBatchError | ShapeError | DTypeError

/**
 * Writes a model as a standard `.onnx` file for inference, with its weights inside and a batch of any size.
 *
 * @param path where; written whole or not at all
 */
export const exportOnnx = <Params extends Tree<Tensor>, State extends Tree<Tensor>, Inputs extends Tree<Tensor>>(
  path: string,
  { model, params, modelState, inputs, ...options }: ExportSettings<Params, State, Inputs>,
): TaskEither<ExportError, void> =>
  attempt(hasTag<ExportError>('WriteError', 'DynamicBatchError', 'ShapeError', 'DTypeError'), async () => {
    const { exportModelOrThrow } = await import('@grad-ts/onnx')
    const state = modelState ?? model.initState()
    const bytes =
      leaves(state as Tree<Tensor>).length === 0
        ? exportModelOrThrow<Params, Inputs>((own, x) => model.apply(own, x, { training: false, state }), params, inputs, options)
        : exportModelOrThrow<Tree<Tensor>, Inputs>(
            (held, x) => {
              const whole = held as unknown as { readonly params: Params; readonly state: State }
              return model.apply(whole.params, x, { training: false, state: whole.state })
            },
            { params, state },
            inputs,
            options,
          )
    await writeAtomicallyOrThrow(path, bytes)
  })

/**
 * Writes a model as a standard `.onnx` file, and rejects with an `ExportError` when that fails.
 */
export const exportOnnxOrThrow = <Params extends Tree<Tensor>, State extends Tree<Tensor>, Inputs extends Tree<Tensor>>(
  path: string,
  settings: ExportSettings<Params, State, Inputs>,
): Promise<void> => orThrow(exportOnnx(path, settings))
