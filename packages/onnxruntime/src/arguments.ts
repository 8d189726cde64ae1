import { entries, sameStructure } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { evaluate, isConstant, sameShape, showOperand } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { ArgumentError } from './errors.ts'

/**
 * Checks that a tree of tensors has the structure, shapes and dtypes of another.
 *
 * @param what names the tree in the message
 * @throws {ArgumentError} when it has not; it names the path
 */
export const checkTypes = (expected: Tree<Tensor>, values: Tree<Tensor>, what: string): void => {
  const wanted = entries<Tensor>(expected)
  const given = entries<Tensor>(values)
  if (!sameStructure(expected, values)) {
    const paths = new Set(given.map(([path]) => path))
    const missing = wanted.find(([path]) => !paths.has(path))?.[0]
    throw new ArgumentError(
      what,
      missing ?? '',
      missing === undefined ? `${wanted.length} tensors` : 'a tensor',
      missing === undefined ? `${given.length}` : 'nothing',
    )
  }
  wanted.forEach(([path, leaf], i) => {
    const [, value] = given[i] as [string, Tensor]
    if (!sameShape(leaf.shape, value.shape) || leaf.dtype !== value.dtype)
      throw new ArgumentError(what, path, showOperand(leaf), showOperand(value))
  })
}

/**
 * Checks arguments against the placeholders of a program, and evaluates those that are not constants.
 *
 * @throws {ArgumentError} when structure, shape or dtype differ; it names the path
 */
export const checkArguments = (placeholders: Tree<Tensor>, values: Tree<Tensor>, what: string): Constant[] => {
  checkTypes(placeholders, values, what)
  return entries<Tensor>(values).map(([, value]) => (isConstant(value) ? value : evaluate(value)))
}
