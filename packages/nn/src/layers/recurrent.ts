import { add, concat, expandDims, isFloat, matmul, scan, ShapeError, splitKey, transpose, where, zerosLike } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'
import { gruCell, lstmCell, simpleCell } from './cells.ts'
import type { Cell, CellOptions, CellParams } from './cells.ts'

export interface UnrollOptions<Carry> {
  /** Where to start (default: zeros). */
  readonly carry?: Carry
  /** Which steps are real, bool `[batch, time]`: the others hand the carry on and give 0. */
  readonly mask?: Tensor
  /** From the last step to the first. Default false. */
  readonly reverse?: boolean
}

const checkSequence = (cell: Cell<never>, x: Tensor): void => {
  if (x.shape.length !== 3 || x.shape[2] !== cell.in) throw new ShapeError(cell.name, [x], `expected x of shape [batch, time, ${cell.in}]`)
}

/**
 * Runs a recurrent cell over a sequence.
 *
 * @param x float `[batch, time, in]`
 * @returns the outputs `[batch, time, size]` and the last carry, with which a decoder can go on
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gruCell, unrollCell } from '@grad-ts/nn'
 * const cell = gruCell({ in: 3, size: 4 })
 * const { outputs, carry } = unrollCell(cell, cell.init(key(0)), ones([2, 5, 3]))
 * outputs.shape // => [2, 5, 4]
 * carry.shape // => [2, 4]
 */
export const unrollCell = <Carry extends Tree<Tensor>>(
  cell: Cell<Carry>,
  params: CellParams,
  x: Tensor,
  { carry, mask, reverse = false }: UnrollOptions<Carry> = {},
): { readonly outputs: Tensor; readonly carry: Carry } => {
  checkSequence(cell as Cell<never>, x)
  // The input side of all steps is one product; only the recurrent side has to go step by step.
  const projected = transpose(add(matmul(x, params.kernel), params.bias), [1, 0, 2])
  const real = mask === undefined ? null : transpose(mask)
  const step = (before: Carry, slices: { readonly projected: Tensor; readonly real: Tensor | null }): readonly [Carry, Tensor] => {
    const [after, output] = cell.step(params, before, slices.projected)
    if (slices.real === null) return [after, output]
    const counts = expandDims(slices.real, 1)
    const held = map((next: Tensor, old: Tensor) => where(counts, next, old), after as Tree<Tensor>, before as Tree<Tensor>) as Carry
    return [held, where(counts, output, zerosLike(output))]
  }
  const dtype = isFloat(x.dtype) ? (x.dtype as FloatDType) : 'float32'
  const [last, outputs] = scan(step, carry ?? cell.start(x.shape[0] as number, dtype), { projected, real }, { reverse })
  return { outputs: transpose(outputs, [1, 0, 2]), carry: last }
}

/** How the layer reads a sequence and what it gives. */
export interface RecurrentOptions {
  /** Also reads the sequence from its end and joins both outputs along the last axis. Default false. */
  readonly bidirectional?: boolean
  /** Gives the outputs of all steps `[batch, time, size]` (default), or that of the last one `[batch, size]`. */
  readonly returnSequences?: boolean
}

type Directions = { readonly forward: CellParams; readonly backward: CellParams | null }

const outputOf = <Carry extends Tree<Tensor>>(
  cell: Cell<Carry>,
  params: CellParams,
  x: Tensor,
  options: UnrollOptions<Carry>,
  returnSequences: boolean,
): Tensor => {
  const { outputs, carry } = unrollCell(cell, params, x, options)
  if (returnSequences) return outputs
  return cell.name === 'lstm' ? (carry as unknown as { readonly output: Tensor }).output : (carry as Tensor)
}

/**
 * Makes a layer of a recurrent cell. It reads the mask of the context.
 *
 * @returns a layer `[batch, time, in] → [batch, time, size]` (twice the size when bidirectional) with parameters `forward` and `backward`
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gruCell, recurrent } from '@grad-ts/nn'
 * const layer = recurrent(gruCell({ in: 3, size: 4 }), { bidirectional: true })
 * layer.apply(layer.init(key(0)), ones([2, 5, 3])).shape // => [2, 5, 8]
 */
export const recurrent = <Carry extends Tree<Tensor>>(cell: Cell<Carry>, options: RecurrentOptions = {}): Layer<Directions, null> => {
  const { bidirectional = false, returnSequences = true } = options
  return statelessLayer<Directions>({
    name: cell.name,
    init: (key) => {
      const [forwardKey, backwardKey] = splitKey(key)
      return { forward: cell.init(forwardKey), backward: bidirectional ? cell.init(backwardKey) : null }
    },
    apply: ({ forward, backward }, x, { mask }) => {
      const masked = mask === undefined ? {} : { mask }
      const there = outputOf(cell, forward, x, masked, returnSequences)
      return backward === null ? there : concat([there, outputOf(cell, backward, x, { ...masked, reverse: true }, returnSequences)], -1)
    },
  })
}

/**
 * A plain recurrent layer: h′ = tanh(x·K + h·R + b).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { simpleRnn } from '@grad-ts/nn'
 * const layer = simpleRnn({ in: 3, size: 4 })
 * layer.apply(layer.init(key(0)), ones([2, 5, 3])).shape // => [2, 5, 4]
 */
export const simpleRnn = (
  options: CellOptions & RecurrentOptions & { readonly activation?: (x: Tensor) => Tensor },
): Layer<Directions, null> => recurrent(simpleCell(options), options)

/**
 * A long short-term memory layer.
 *
 * @param options.in length of the last axis of x
 * @param options.size length of the last axis of y, for each direction
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { lstm } from '@grad-ts/nn'
 * const layer = lstm({ in: 3, size: 4, bidirectional: true, returnSequences: false })
 * layer.apply(layer.init(key(0)), ones([2, 5, 3])).shape // => [2, 8]
 * @see Hochreiter and Schmidhuber, Long short-term memory, 1997
 */
export const lstm = (options: CellOptions & RecurrentOptions): Layer<Directions, null> => recurrent(lstmCell(options), options)

/**
 * A gated recurrent layer (Cho et al., 2014, arXiv:1406.1078).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gru } from '@grad-ts/nn'
 * const layer = gru({ in: 3, size: 4, returnSequences: false })
 * layer.apply(layer.init(key(0)), ones([2, 5, 3])).shape // => [2, 4]
 */
export const gru = (options: CellOptions & RecurrentOptions): Layer<Directions, null> => recurrent(gruCell(options), options)
