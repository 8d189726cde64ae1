import { entries, unflatten } from '@grad-ts/tree'
import { evaluate, isFloat, key as keyOf, sameShape, showShape } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import type { TensorEntry, TensorFile } from '@grad-ts/files'
import { WeightsError } from '../errors.ts'
import { familyOf } from '../families.ts'
import type { HeadName } from '../model/heads.ts'
import type { Transformer, TransformerParams } from '../model.ts'
import { fromStored, inDType, storedShape } from './layout.ts'
import type { StoredWeight } from './stored.ts'

/** How the tensors of a file and the weights of a model went together. */
export interface LoadReport {
  /** Tensors of the file that the model has no use for, such as another head. */
  readonly unused: readonly string[]
  /** Weights that the file lacks, by the names they would have there: they were drawn. */
  readonly drawn: readonly string[]
}

export interface ReadOptions {
  /** Draws the weights of a head that the file lacks, or has for other labels. Default: that is an error. */
  readonly key?: Tensor
  /** Of the weights. Default float32. */
  readonly dtype?: FloatDType
}

interface Found {
  readonly weight: StoredWeight
  /** Its tensors in the file: none, one, or several that are said to be equal. */
  readonly names: readonly string[]
}

/** Files of models with a head put a prefix before the names of the body, files of bodies do not; either is read. */
const namesOf = (weight: StoredWeight, prefix: string): readonly string[] =>
  [weight.name, ...weight.aliases].flatMap((name) => (weight.part === 'head' ? [name] : [`${prefix}${name}`, name]))

const find = (file: TensorFile, weights: readonly StoredWeight[], prefix: string): readonly Found[] =>
  weights.map((weight) => ({ weight, names: namesOf(weight, prefix).filter((name) => file.tensors.has(name)) }))

const checkPresent = (file: TensorFile, missing: readonly StoredWeight[], mayDraw: boolean): void => {
  const lacking = missing.filter(({ part }) => part === 'body' || !mayDraw)
  if (lacking.length === 0) return
  const names = lacking.map(({ name }) => name)
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
  const isHead = lacking.every(({ part }) => part !== 'body')
  const advice = isHead
    ? 'give a key to draw them, or leave the head out'
    : 'it belongs to another model, or config.json does not describe this one'
  throw new WeightsError(file.path, 'missing', names, `it lacks ${shown}; ${advice}`)
}

const entryOf = (file: TensorFile, { names }: Found): TensorEntry => file.tensors.get(names[0] as string) as TensorEntry

/** Whether a tensor has the shape that the model wants; another is an error, unless a new head may be drawn. */
const fits = (file: TensorFile, found: Found, like: Tensor, mayDraw: boolean): boolean => {
  const { name, shape } = entryOf(file, found)
  const wanted = storedShape(found.weight, like.shape)
  if (sameShape(shape, wanted)) return true
  if (found.weight.part === 'head' && mayDraw) return false
  const advice =
    found.weight.part === 'head'
      ? 'give the labels that it was trained for, or a key to draw a new head'
      : 'config.json does not describe this file'
  throw new WeightsError(file.path, 'shape', [name], `'${name}' is ${showShape(shape)}, the model needs ${showShape(wanted)}; ${advice}`)
}

const sameElements = (a: Constant, b: Constant): boolean =>
  sameShape(a.shape, b.shape) && a.attributes.data.every((value, i) => Object.is(value, b.attributes.data[i]))

/** Reads one tensor; where several names are tied to it, they must agree. */
const readOne = async (file: TensorFile, { names }: Found): Promise<Constant> => {
  const [first, ...others] = names as readonly [string, ...string[]]
  const tensor = await file.readOrThrow(first)
  if (!isFloat(tensor.dtype)) throw new WeightsError(file.path, 'dtype', [first], `'${first}' is ${tensor.dtype}, weights are floats`)
  for (const other of others)
    if (!sameElements(tensor, await file.readOrThrow(other)))
      throw new WeightsError(
        file.path,
        'tied',
        [first, other],
        `'${first}' and '${other}' differ, but config.json ties them; set its tie_word_embeddings to false`,
      )
  return tensor
}

/**
 * Reads the weights of a model, one tensor after the other.
 *
 * @throws {WeightsError} when the file lacks some or has them in another shape; it names the tensors
 */
export const readWeights = async <Head extends HeadName>(
  file: TensorFile,
  model: Transformer<Head>,
  { key, dtype = 'float32' }: ReadOptions = {},
): Promise<{ readonly params: TransformerParams<Head>; readonly report: LoadReport }> => {
  const { weights, prefix, buffers } = familyOf(model.config)
  const template = model.init(key ?? keyOf(0))
  const like = new Map(entries<Tensor>(template))
  const found = find(file, weights(model.config, model.head), prefix)
  checkPresent(
    file,
    found.filter(({ names }) => names.length === 0).map(({ weight }) => weight),
    key !== undefined,
  )
  const params = new Map<string, Constant>()
  const drawn: string[] = []
  for (const each of found) {
    const { name, paths } = each.weight
    const usable = each.names.length > 0 && fits(file, each, like.get(paths[0] as string) as Tensor, key !== undefined)
    if (!usable) drawn.push(name)
    const parts = usable
      ? fromStored(each.weight, inDType(await readOne(file, each), dtype))
      : paths.map((path) => inDType(evaluate(like.get(path) as Tensor) as Constant, dtype))
    paths.forEach((path, i) => params.set(path, parts[i] as Constant))
  }
  const used = new Set(found.flatMap(({ names }) => names))
  const unused = [...file.tensors.keys()].filter((name) => !used.has(name) && !buffers.test(name))
  const leaves = Array.from(like.keys(), (path) => params.get(path) as Constant)
  return { params: unflatten(template, leaves) as unknown as TransformerParams<Head>, report: { unused, drawn } }
}
