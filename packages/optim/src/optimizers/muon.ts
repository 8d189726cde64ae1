import { add, mul, reshape, sizeOf, sum, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { isNode, map, mapWithPath } from '@grad-ts/tree'
import type { Path, Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { at, define } from '../define.ts'
import { SpecError } from '../errors.ts'
import { choice, decayRate, flag, mask as maskField, nonNegative, staticNumber, value, wholeNumber } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { counter, increment } from '../numerics/count.ts'
import { updateMoment } from '../numerics/moments.ts'
import { orthogonalize } from '../numerics/orthogonalize.ts'
import type { NewtonSchulzCoefficients, Preconditioning } from '../numerics/orthogonalize.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { correctedMean } from '../transforms/scale-by-adam.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { partition } from '../wrappers/masked.ts'
import type { Dialect, GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'
import { adamw } from './adam.ts'

/** Which axes of a weight are inputs and which are outputs; the others are batches of matrices. */
export type MuonAxes = { readonly inputs: readonly number[]; readonly outputs: readonly number[] }

/** The axes of each leaf (null for leaves that Adam trains), as a tree that may stop above the leaves or a function of path and leaf. */
export type MuonAxesOf = Tree<MuonAxes> | ((path: Path, leaf: Tensor) => MuonAxes | null)

/** Steps made and momentum. */
export type ScaleByMuonState = { readonly count: Tensor; readonly mu: Tree<Tensor> }

/** Options of Muon's rule. */
export interface ScaleByMuonOptions {
  /** Newton–Schulz coefficients: a triple for all steps, one triple per step, or a preset; default standard. */
  readonly nsCoeffs?: 'standard' | 'dion' | NewtonSchulzCoefficients | readonly NewtonSchulzCoefficients[]
  /** Newton–Schulz steps, ≥ 1; default 5. */
  readonly nsSteps?: number
  /** Decay of the momentum, in [0, 1); default 0.95. */
  readonly beta?: Hyperparameter
  /** Against division by zero; default 1e-8 (torch and keras 1e-7). */
  readonly eps?: number
  /** Nesterov's look-ahead; default true. */
  readonly nesterov?: boolean
  /** Scale each step by its product with the momentum; default false. */
  readonly adaptive?: boolean
  /** How matrices are made small before the first step; default frobenius. */
  readonly preconditioning?: Preconditioning
  /** Which axes are inputs and outputs; default: matrices stored [in, out] (torch: [out, in]). */
  readonly axes?: MuonAxesOf | null
  /** Scale steps by √max(in, out) times this instead of √max(1, out/in); default none (keras 0.2). */
  readonly consistentRms?: number | null
  /** Scale steps by the shape of the matrix at all; default true. */
  readonly scaleByShape?: boolean
  /** torch and keras do not correct the momentum for its start at zero; keras adds up gradients instead of averaging; default optax. */
  readonly dialect?: Dialect
}

const standard: NewtonSchulzCoefficients = [3.4445, -4.775, 2.0315]
const dion: readonly NewtonSchulzCoefficients[] = [
  [4.0848, -6.8946, 2.927],
  [3.9505, -6.3029, 2.6377],
  [3.7418, -5.5913, 2.3037],
  [2.8769, -3.1427, 1.2046],
  [2.8366, -3.0525, 1.2012],
]

const isTriple = (candidate: unknown): boolean =>
  Array.isArray(candidate) && candidate.length === 3 && candidate.every((each) => typeof each === 'number')
const isCoefficients = (candidate: unknown): boolean =>
  candidate === 'standard' || candidate === 'dion' || isTriple(candidate) || (Array.isArray(candidate) && candidate.every(isTriple))

const triplesOf = (given: unknown, steps: number): readonly NewtonSchulzCoefficients[] => {
  const list = given === 'dion' ? dion : given === 'standard' ? standard : (given as NewtonSchulzCoefficients)
  if (!Array.isArray(list[0])) return Array.from({ length: steps }, () => list as NewtonSchulzCoefficients)
  const triples = list as unknown as readonly NewtonSchulzCoefficients[]
  if (triples.length > steps)
    throw new SpecError('muon.nsSteps', `at least ${triples.length} steps for ${triples.length} triples`, `${steps}`)
  return triples.slice(-steps)
}

const isAxes = (candidate: unknown): candidate is MuonAxes =>
  typeof candidate === 'object' && candidate !== null && Array.isArray((candidate as MuonAxes).inputs)

const below = (tree: unknown, path: Path): MuonAxes | null => {
  let node = tree
  for (const key of path === '' ? [] : path.split('.')) {
    if (node === null || isAxes(node) || !isNode(node)) break
    node = (node as Record<string, unknown>)[key] ?? null
  }
  return isAxes(node) ? node : null
}

/** The axes of a leaf, or null where Adam trains it. */
const axesOf = (given: MuonAxesOf | null, path: Path, leaf: Tensor, dialect: Dialect): MuonAxes | null => {
  const stored = dialect === 'torch' ? { inputs: [1], outputs: [0] } : { inputs: [0], outputs: [1] }
  if (given === null) return leaf.shape.length === 2 ? stored : null
  const found = typeof given === 'function' ? given(path, leaf) : below(given, path)
  const positive = (list: readonly number[]) => list.map((axis) => (axis < 0 ? axis + leaf.shape.length : axis))
  return found === null ? null : { inputs: positive(found.inputs), outputs: positive(found.outputs) }
}

const lengthOf = (leaf: Tensor, axes: readonly number[]): number => sizeOf(axes.map((axis) => leaf.shape[axis] as number))

/** Runs a function of matrices `[batch, in, out]` on a leaf. */
const asMatrices = (leaf: Tensor, { inputs, outputs }: MuonAxes, fn: (x: Tensor) => Tensor): Tensor => {
  const batch = [...leaf.shape.keys()].filter((axis) => !inputs.includes(axis) && !outputs.includes(axis))
  const order = [...batch, ...inputs, ...outputs]
  const moved = transpose(leaf, order)
  const matrices = reshape(moved, [lengthOf(leaf, batch), lengthOf(leaf, inputs), lengthOf(leaf, outputs)])
  const back = order.map((_, axis) => order.indexOf(axis))
  return transpose(reshape(fn(matrices), moved.shape), back)
}

const factorOf = (leaf: Tensor, { inputs, outputs }: MuonAxes, consistentRms: number | null): number => {
  const [fanIn, fanOut] = [lengthOf(leaf, inputs), lengthOf(leaf, outputs)]
  return consistentRms === null ? Math.sqrt(Math.max(1, fanOut / fanIn)) : Math.sqrt(Math.max(fanIn, fanOut)) * consistentRms
}

export const muonFields = {
  nsCoeffs: value("coefficients: 'standard', 'dion', a triple or a list of triples", isCoefficients, 'standard'),
  nsSteps: wholeNumber(1, 5),
  beta: decayRate(0.95),
  eps: staticNumber({ low: 0 }, 1e-8),
  nesterov: flag(true),
  adaptive: flag(false),
  preconditioning: choice(['frobenius', 'spectral', 'aol', 'schatten'], 'frobenius'),
  axes: value('axes of each leaf', (candidate) => typeof candidate === 'object' || typeof candidate === 'function', null),
  consistentRms: staticNumber({ above: 0 }, null),
  scaleByShape: flag(true),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

const muonDialects = { torch: { eps: 1e-7 }, keras: { eps: 1e-7, consistentRms: 0.2 } } as const

/** The next momentum and the direction of the step; lengths do not matter, for the direction is made orthogonal. */
const momentumOf = (
  updates: Tree<Tensor>,
  state: ScaleByMuonState,
  { beta, nesterov, dialect }: { readonly beta: Scalar; readonly nesterov: boolean; readonly dialect: Dialect },
): readonly [Tree<Tensor>, Tree<Tensor>] => {
  if (dialect === 'keras') {
    const sums = (m: Tree<Tensor>) => map((g: Tensor, each: Tensor) => add(g, mul(each, at(beta, each))), updates, m)
    const mu = sums(state.mu)
    return [mu, nesterov ? sums(mu) : mu]
  }
  const mu = updateMoment(updates, state.mu, beta, 1)
  if (dialect === 'optax') return [mu, correctedMean(updates, mu, beta, increment(state.count), nesterov)]
  return [mu, nesterov ? updateMoment(updates, mu, beta, 1) : mu]
}

/**
 * Momentum whose matrices are made orthogonal: every direction moves equally far.
 *
 * @example
 * import { scaleByMuon } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByMuon()
 * toArray(rule.update(tensor([[3, 0], [0, 3]]), rule.init(tensor([[0, 0], [0, 0]])))[0] as Tensor) // => [[1.1081, 0], [0, 1.1081]]
 * @see Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024
 */
export const scaleByMuon = define<ScaleByMuonOptions, ScaleByMuonState>(
  'scaleByMuon',
  muonFields,
  (options) => {
    const { nsSteps, eps, adaptive, preconditioning, consistentRms, scaleByShape, dialect } = options
    const axes = options.axes as MuonAxesOf | null
    const triples = triplesOf(options.nsCoeffs, nsSteps)
    const orthogonal = (path: Path, mean: Tensor): Tensor => {
      const found = axesOf(axes, path, mean, dialect)
      if (found === null)
        throw new SpecError('scaleByMuon.axes', `axes for the leaf '${path}'`, `none for shape [${mean.shape.join(', ')}]`)
      const step = asMatrices(mean, found, (x) => orthogonalize(x, triples, preconditioning, eps))
      const sized = adaptive ? mul(step, sum(mul(mean, step))) : step
      return scaleByShape ? mul(sized, factorOf(mean, found, consistentRms)) : sized
    }
    return {
      init: (params) => ({ count: counter(), mu: zerosLikeTree(params) }),
      update: (updates, state) => {
        const [mu, direction] = momentumOf(updates, state, options)
        return [mapWithPath(orthogonal, direction), { count: increment(state.count), mu }]
      },
    }
  },
  muonDialects,
)

/** Options of Muon. */
export interface MuonOptions extends ScaleByMuonOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update of matrices, ≥ 0; default 0 (torch 0.1, keras 0.004). */
  readonly weightDecay?: Hyperparameter
  /** Which matrices decay; default all. */
  readonly weightDecayMask?: Mask | null
  /** Adam's decay of the average of updates; default 0.9. */
  readonly adamB1?: Hyperparameter
  /** Adam's decay of the average of squares; default 0.999. */
  readonly adamB2?: Hyperparameter
  /** Added under Adam's root; default 0. */
  readonly adamEpsRoot?: Hyperparameter
  /** Weight decay of Adam's leaves, ≥ 0; default 0 (keras 0.004). */
  readonly adamWeightDecay?: Hyperparameter
  /** Step size of Adam's leaves; default learningRate. */
  readonly adamLearningRate?: Hyperparameter | null
}

/**
 * Muon: orthogonal momentum for matrices, AdamW (with Nesterov momentum; torch and keras without) for all other leaves.
 * PyTorch itself trains matrices only, and makes them orthogonal in bfloat16; here it is done in the precision of the leaf.
 *
 * u = −learningRate·(√max(1, out/in)·orthogonal(m̂) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, muon } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = muon({ learningRate: 0.1 })
 * const params = tensor([[1, 0], [0, 1]])
 * const [updates] = solver.update(tensor([[3, 0], [0, 3]]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [[0.88919, 0], [0, 0.88919]]
 * @see Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024
 */
export const muon = define<MuonOptions, Readonly<Record<string, Tree<Tensor>>>>(
  'muon',
  {
    learningRate: nonNegative(),
    ...muonFields,
    weightDecay: nonNegative(0),
    weightDecayMask: maskField(null),
    adamB1: decayRate(0.9),
    adamB2: decayRate(0.999),
    adamEpsRoot: nonNegative(0),
    adamWeightDecay: nonNegative(0),
    adamLearningRate: nonNegative(null),
  },
  (options) => {
    const { learningRate, weightDecay, weightDecayMask, adamB1, adamB2, adamEpsRoot, adamWeightDecay, adamLearningRate, ...rule } = options
    const matrices = chain(
      scaleByMuon(rule as ScaleByMuonOptions as never),
      addDecayedWeights(weightDecay, { mask: weightDecayMask as Mask | null }),
      scaleByLearningRate(learningRate),
    ) as GradientTransformation
    const others = adamw({
      learningRate: adamLearningRate ?? learningRate,
      b1: adamB1,
      b2: adamB2,
      eps: rule.eps,
      epsRoot: adamEpsRoot,
      weightDecay: adamWeightDecay,
      nesterov: rule.nesterov && rule.dialect === 'optax',
      dialect: rule.dialect,
    })
    const axes = rule.axes as MuonAxesOf | null
    return partition({ muon: matrices, adam: others as GradientTransformation }, (path, leaf) =>
      axesOf(axes, path, leaf, rule.dialect) === null ? 'adam' : 'muon',
    )
  },
  {
    torch: { ...muonDialects.torch, weightDecay: 0.1 },
    keras: { ...muonDialects.keras, weightDecay: 0.004, adamWeightDecay: 0.004 },
  },
)
