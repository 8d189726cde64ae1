import type { Converter } from '../call.ts'
import { OnnxOpError } from '../errors.ts'
import type { StoredNode } from '../ir.ts'
import { attentions } from './attention.ts'
import { bits } from './bits.ts'
import { casts } from './cast.ts'
import { contrib } from './contrib/table.ts'
import { control } from './control.ts'
import { convolutions } from './convolution.ts'
import { deformations } from './deform.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import { integers } from './integer.ts'
import { layout } from './layout.ts'
import { linear } from './linear.ts'
import { normalisations } from './normalise.ts'
import { paddings } from './pad.ts'
import { pools } from './pool.ts'
import { quantised } from './quantise.ts'
import { randoms } from './random.ts'
import { recurrentOps } from './recurrent.ts'
import { reductions } from './reduce.ts'
import { regions } from './region.ts'
import { resizes } from './resize.ts'
import { rotations } from './rotary.ts'
import { sampling } from './sampling.ts'
import { scatters } from './scatter.ts'
import { selections } from './select.ts'
import { sequences } from './sequence.ts'
import { shapes } from './shape.ts'
import { signals } from './signal.ts'

type Converters = Readonly<Record<string, Converter>>

const standard: Converters = {
  ...attentions,
  ...bits,
  ...casts,
  ...control,
  ...convolutions,
  ...deformations,
  ...elementwise,
  ...indexing,
  ...integers,
  ...layout,
  ...linear,
  ...normalisations,
  ...paddings,
  ...pools,
  ...quantised,
  ...randoms,
  ...recurrentOps,
  ...reductions,
  ...regions,
  ...resizes,
  ...rotations,
  ...sampling,
  ...scatters,
  ...selections,
  ...sequences,
  ...shapes,
  ...signals,
}

/** Every operator that can be read, by domain; `''` is ONNX itself. */
export const converters: Readonly<Record<string, Converters>> = { '': standard, 'com.microsoft': contrib }

/** Operators whose result does not change when a float input changes a little: no gradient goes through them. */
export const withoutGradient: ReadonlySet<string> = new Set([
  'Bernoulli',
  'BitShift',
  'BitwiseAnd',
  'BitwiseNot',
  'BitwiseOr',
  'BitwiseXor',
  'MelWeightMatrix',
  'Multinomial',
  'NonMaxSuppression',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Unique',
  'And',
  'ArgMax',
  'ArgMin',
  'Ceil',
  'Constant',
  'ConstantOfShape',
  'Equal',
  'EyeLike',
  'Floor',
  'Greater',
  'GreaterOrEqual',
  'Hardmax',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'NonZero',
  'Not',
  'OptionalHasElement',
  'Or',
  'Range',
  'Round',
  'SequenceLength',
  'Shape',
  'Sign',
  'Size',
  'Xor',
])

const find = ({ domain, op }: StoredNode): Converter | undefined => {
  const table = converters[domain]
  return table !== undefined && Object.hasOwn(table, op) ? table[op] : undefined
}

export const isReadable = (node: StoredNode): boolean => find(node) !== undefined

const near = (op: string, names: readonly string[]): string => {
  const same = names.find((name) => name.toLowerCase() === op.toLowerCase())
  return same === undefined ? '' : ` (did the exporter mean ${same}?)`
}

/** Says why an operator cannot be read and what to do. */
export const explainUnknown = ({ name, op, domain }: StoredNode): string => {
  const where = domain === '' ? 'the ONNX domain' : `domain '${domain}'`
  return `node '${name}' has the op type ${op} of ${where}, which cannot be read${near(op, Object.keys(standard))}; end the model before it with { outputs: … }, say what it does with { operators: { '${domain === '' ? op : `${domain}:${op}`}': … } }, or export it with standard operators`
}

export const converterOf = (node: StoredNode): Converter => {
  const found = find(node)
  if (found === undefined) throw new OnnxOpError(node.name, node.op, explainUnknown(node))
  return found
}
