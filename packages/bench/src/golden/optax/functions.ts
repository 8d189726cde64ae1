import * as optim from '@grad-ts/optim'
import {
  abs,
  add,
  asTensor,
  broadcastTo,
  cast,
  clamp,
  div,
  isTensor,
  less,
  lessEqual,
  max,
  maximum,
  min,
  minimum,
  mul,
  norm,
  onesLike,
  pow,
  sizeOf,
  square,
  sub,
  sum,
  tensor,
  where,
} from '@grad-ts/tensor'
import type { Axes, FloatDType, NestedArray, Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { CaseResult } from '../result.ts'
import { differenceOfTrees } from './compare.ts'
import { UnknownName } from './errors.ts'
import { dtypeOf, runnerFor } from './run.ts'
import { resultOf } from './trajectory.ts'

type Argument = Tree<Tensor> | number | boolean | string | null
type Options = Readonly<Record<string, Argument | Axes | undefined>>
// The functions know what stands where.
type Arguments = readonly [never, never, never, never, ...never[]]
type Fn = (args: Arguments, options: Options) => Tree<Tensor>

interface FunctionCase {
  readonly name: string
  readonly fn: string
  readonly args: readonly unknown[]
  readonly kwargs?: Readonly<Record<string, unknown>>
  readonly f64: unknown
}

const scalar = (value: unknown): Tensor => (isTensor(value) ? value : asTensor(Number(value)))
const all = (tree: Tree<Tensor>, fn: (a: Tensor, b: Tensor) => Tensor): Tensor => leaves(tree).reduce(fn)
const number = (value: unknown): number => (value === 'inf' || value === 'infinity' ? Infinity : Number(value))

const normOf = (tree: Tree<Tensor>, ord: unknown, squared: unknown): Tensor => {
  const order = ord === undefined || ord === null ? 2 : number(ord)
  const size = order === 2 ? optim.globalNorm(tree) : order === 1 ? optim.globalL1Norm(tree) : optim.globalMaxNorm(tree)
  return squared === true ? square(size) : size
}

const vectorNorm = (x: Tensor, order: number, reduce: { readonly axes?: Axes; readonly keepDims: boolean }): Tensor => {
  if (order === 2) return norm(x, reduce)
  if (order === Infinity) return max(abs(x), reduce)
  return order === 1 ? sum(abs(x), reduce) : pow(sum(pow(abs(x), order), reduce), 1 / order)
}

/** The norms of a whole matrix that need no singular values: the largest column or row, or all elements. */
const matrixNorm = (x: Tensor, order: unknown): Tensor => {
  if (order === 'fro') return norm(x)
  const axis = number(order) === 1 ? 0 : number(order) === Infinity ? 1 : undefined
  if (axis === undefined) throw new UnknownName(`no matrix norm of order ${String(order)} here`)
  return max(sum(abs(x), { axes: axis }))
}

/** The norm of a leaf along axes, at least a number. */
const safeNorm = (x: Tensor, smallest: number, { ord, axis, keepdims }: Options): Tensor => {
  const along = (axis ?? null) as Axes | null
  const reduce = { ...(along === null ? {} : { axes: along }), keepDims: keepdims === true }
  const isMatrix = x.shape.length === 2 && along === null && (ord ?? null) !== null
  const size = isMatrix ? matrixNorm(x, ord) : vectorNorm(x, (ord ?? null) === null ? 2 : number(ord), reduce)
  return where(lessEqual(size, smallest), smallest, size)
}

const unitwiseClip: Fn = (args, options) => {
  const [g, m, u] = args as unknown as readonly [Tensor, Tensor, Tensor]
  const clipped = mul(u, div(m, maximum(g, (option(args, 3, options, 'div_eps') ?? 1e-6) as number)))
  return where(less(g, m), u, clipped)
}

const treeFunctions: Readonly<Record<string, Fn>> = {
  add: ([first, ...rest]) => (rest as Tree<Tensor>[]).reduce<Tree<Tensor>>((a, b) => optim.addTrees(a, b), first as Tree<Tensor>),
  sub: ([a, b]) => optim.subTrees(a as never, b as never),
  mul: ([a, b]) => map((x: Tensor, y: Tensor) => mul(x, y), a as Tree<Tensor>, b as Tree<Tensor>),
  div: ([a, b]) => map((x: Tensor, y: Tensor) => div(x, y), a as Tree<Tensor>, b as Tree<Tensor>),
  scale: ([factor, tree]) => optim.scaleTree(tree as never, factor as never),
  scalar_mul: ([factor, tree]) => optim.scaleTree(tree as never, factor as never),
  add_scale: ([a, factor, b]) => optim.addScaled(a as never, factor as never, b as never),
  add_scalar_mul: ([a, factor, b]) => optim.addScaled(a as never, factor as never, b as never),
  vdot: ([a, b]) => optim.vdotTrees(a as never, b as never),
  sum: ([tree]) =>
    all(
      map((x: Tensor) => sum(x), tree as Tree<Tensor>),
      (a, b) => add(a, b),
    ),
  max: ([tree]) =>
    all(
      map((x: Tensor) => max(x), tree as Tree<Tensor>),
      (a, b) => maximum(a, b),
    ),
  min: ([tree]) =>
    all(
      map((x: Tensor) => min(x), tree as Tree<Tensor>),
      (a, b) => minimum(a, b),
    ),
  size: ([tree]) => asTensor(leaves(tree as Tree<Tensor>).reduce((count, leaf) => count + sizeOf(leaf.shape), 0)),
  norm: ([tree, ord, squared], options) => normOf(tree as never, ord ?? options['ord'], squared ?? options['squared']),
  l1_norm: ([tree]) => optim.globalL1Norm(tree as never),
  linf_norm: ([tree]) => optim.globalMaxNorm(tree as never),
  l2_norm: ([tree, squared], options) => normOf(tree as never, 2, squared ?? options['squared']),
  conj: ([tree]) => tree as never,
  real: ([tree]) => tree as never,
  zeros_like: ([tree]) => optim.zerosLikeTree(tree as never),
  ones_like: ([tree]) => map((x: Tensor) => onesLike(x), tree as Tree<Tensor>),
  full_like: ([tree, value], { fill_value: fill }) => optim.fullTree(tree as never, (value ?? fill) as never),
  clip: ([tree, low, high], options) => {
    const [lowest, highest] = [low ?? options['min_value'] ?? undefined, high ?? options['max_value'] ?? undefined] as number[]
    return map((x: Tensor) => clamp(x, lowest, highest), tree as Tree<Tensor>)
  },
  update_moment: ([updates, moments, decay, order], o) =>
    optim.updateMoment(updates as never, moments as never, (decay ?? o['decay']) as never, (order ?? o['order']) as never),
  update_moment_per_elem_norm: ([updates, moments, decay, order], o) =>
    optim.updateMoment(updates as never, moments as never, (decay ?? o['decay']) as never, (order ?? o['order']) as never),
  update_infinity_moment: ([updates, moments, decay, eps], o) =>
    optim.updateInfinityMoment(updates as never, moments as never, (decay ?? o['decay']) as never, (eps ?? o['eps']) as never),
  bias_correction: ([moments, decay, count], o) => {
    const steps = (count ?? o['count']) as Tensor | number
    return optim.biasCorrection(moments as never, (decay ?? o['decay']) as never, isTensor(steps) ? steps : asTensor(steps, 'int32'))
  },
  where: ([condition, a, b]) =>
    map((x: Tensor, y: Tensor) => where(asTensor(condition as boolean), x, y), a as Tree<Tensor>, b as Tree<Tensor>),
  batch_shape: ([tree], { shape }) =>
    map((x: Tensor) => broadcastTo(x, [...((shape ?? []) as readonly number[]), ...x.shape]), tree as Tree<Tensor>),
  allclose: ([a, b], { rtol, atol }) => {
    const gaps = map(
      (x: Tensor, y: Tensor) => max(sub(abs(sub(x, y)), add(mul(abs(y), Number(rtol ?? 1e-5)), Number(atol ?? 1e-8)))),
      a as Tree<Tensor>,
      b as Tree<Tensor>,
    )
    return cast(
      lessEqual(
        all(gaps, (x, y) => maximum(x, y)),
        0,
      ),
      'int32',
    )
  },
}

const projection =
  (project: (tree: never, ...rest: never[]) => Tree<Tensor>, names: readonly string[]): Fn =>
  ([tree, ...rest], options) => {
    const given = names.map((name, i) => rest[i] ?? options[name]).filter((value) => value !== undefined)
    return project(tree as never, ...(given as never[]))
  }

const projections: Readonly<Record<string, Fn>> = {
  non_negative: projection(optim.projectNonNegative, []),
  box: projection(optim.projectBox, ['lower', 'upper']),
  hypercube: projection(optim.projectHypercube, ['scale']),
  simplex: projection(optim.projectSimplex, ['scale']),
  l1_sphere: projection(optim.projectL1Sphere, ['scale']),
  l1_ball: projection(optim.projectL1Ball, ['scale']),
  l2_sphere: projection(optim.projectL2Sphere, ['scale']),
  l2_ball: projection(optim.projectL2Ball, ['scale']),
  linf_ball: projection(optim.projectLinfBall, ['scale']),
  vector: projection(optim.projectVector, ['a']),
  hyperplane: projection(optim.projectHyperplane, ['a', 'b']),
  halfspace: projection(optim.projectHalfspace, ['a', 'b']),
}

const option = (args: Arguments, i: number, options: Options, name: string): unknown => args[i] ?? options[name]

const others: Readonly<Record<string, Fn>> = {
  global_norm: ([tree]) => optim.globalNorm(tree as never),
  safe_norm: (args, o) => safeNorm(args[0] as never, Number(option(args, 1, o, 'min_norm')), o),
  safe_root_mean_squares: (args, o) => optim.safeRootMeanSquare(args[0] as never, Number(option(args, 1, o, 'min_rms'))),
  safe_increment: ([count]) => optim.increment(scalar(count)),
  safe_int32_increment: ([count]) => optim.increment(scalar(count)),
  abs_sq: ([x]) => square(x as Tensor),
  apply_updates: ([params, updates]) => optim.applyUpdates(params as Tree<Tensor>, updates as never),
  incremental_update: (args, o) =>
    optim.incrementalUpdate(args[0] as Tree<Tensor>, args[1] as never, option(args, 2, o, 'step_size') as number),
  periodic_update: (args, o) =>
    optim.periodicUpdate(
      args[0] as Tree<Tensor>,
      args[1] as never,
      scalar(option(args, 2, o, 'steps')),
      option(args, 3, o, 'update_period') as never,
    ),
  per_example_global_norm_clip: (args, o) =>
    optim.perExampleGlobalNormClip(args[0] as never, option(args, 1, o, 'l2_norm_clip') as number) as unknown as Tree<Tensor>,
  per_example_layer_norm_clip: (args, o) =>
    optim.perExampleLayerNormClip(args[0] as never, option(args, 1, o, 'global_l2_norm_clip') as number, {
      uniform: (option(args, 2, o, 'uniform') ?? true) as boolean,
    }) as unknown as Tree<Tensor>,
  unitwise_norm: (args, o) => optim.unitNorm(args[0] as never, (o['axis'] ?? null) as Axes | null),
  unitwise_clip: unitwiseClip,
}

const fnOf = (name: string): Fn => {
  const last = name.split('.').at(-1) as string
  const isTree = /^tree(_utils)?\./.test(name) || last.startsWith('tree_')
  const found = last.startsWith('projection_')
    ? projections[last.slice('projection_'.length)]
    : isTree
      ? treeFunctions[last.replace(/^tree_/, '')]
      : others[last]
  if (found === undefined) throw new UnknownName(`no function '${name}' here`)
  return found
}

/** The shape of nested arrays of equal lengths, or nothing when they are a list of different arrays. */
const shapeOf = (value: unknown): string | undefined => {
  if (!Array.isArray(value)) return typeof value === 'object' ? undefined : ''
  const shapes = new Set(value.map(shapeOf))
  return shapes.size === 1 && !shapes.has(undefined) ? `${value.length},${[...shapes][0]}` : undefined
}

const isIntegers = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'number')

/** Numbers stay numbers, arrays become tensors, arrays of different shapes and records become trees. */
const argumentOf = (value: unknown, dtype: FloatDType): Argument => {
  if (value === null || typeof value !== 'object') return value as Argument
  if ('int' in value) return tensor(Int32Array.of((value as { int: number }).int), { shape: [] })
  if (Array.isArray(value))
    return shapeOf(value) === undefined
      ? value.map((each) => argumentOf(each, dtype) as Tree<Tensor>)
      : tensor(value as NestedArray, { dtype })
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      typeof child === 'number' ? tensor(child, { dtype }) : (argumentOf(child, dtype) as Tree<Tensor>),
    ]),
  )
}

const optionsOf = (kwargs: Readonly<Record<string, unknown>> | undefined, dtype: FloatDType): Options =>
  Object.fromEntries(
    Object.entries(kwargs ?? {}).map(([key, value]) => [
      key,
      ['axis', 'shape'].includes(key) && isIntegers(value) ? (value as number[]) : argumentOf(value, dtype),
    ]),
  )

/** Arguments by position that are no numbers of the computation. */
const staticPositions: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  safe_norm: { 2: 'ord', 3: 'axis', 4: 'keepdims' },
  unitwise_norm: { 1: 'axis' },
  batch_shape: { 1: 'shape' },
  allclose: { 2: 'rtol', 3: 'atol' },
}

/** The case with those arguments by name. */
const named = (fixture: FunctionCase): FunctionCase => {
  const names = staticPositions[fixture.fn.split('.').at(-1) as string] ?? {}
  const moved = fixture.args.flatMap((value, i) => (names[i] === undefined ? [] : [[names[i], value]]))
  return {
    ...fixture,
    args: fixture.args.filter((_, i) => names[i] === undefined),
    kwargs: { ...fixture.kwargs, ...(Object.fromEntries(moved) as Readonly<Record<string, unknown>>) },
  }
}

const isTree = (value: Argument): value is Tree<Tensor> => isTensor(value) || (typeof value === 'object' && value !== null)

/** Runs a function with its tensors as inputs, everything else fixed. */
const replayIn = async (fixture: FunctionCase, way: Parameters<typeof dtypeOf>[0]): Promise<string | undefined> => {
  const dtype = dtypeOf(way)
  const fn = fnOf(fixture.fn)
  const args = fixture.args.map((value) => argumentOf(value, dtype))
  // Periods and shapes are static here.
  const fixed = args.map((value, i) => fixture.fn === 'periodic_update' && i === 3 && isTensor(value) && value)
  const options = optionsOf(fixture.kwargs, dtype)
  const inputs = args.filter((value, i) => isTree(value) && fixed[i] === false) as Tree<Tensor>[]
  const runner = runnerFor<Tree<Tensor>, Tree<Tensor>>(way, (given) => {
    const rest = (given as readonly Tree<Tensor>[]).values()
    return fn(args.map((value, i) => (isTree(value) && fixed[i] === false ? rest.next().value : value)) as never, options)
  })
  const found = await runner.call(inputs as unknown as Tree<Tensor>)
  await runner.dispose()
  const relative = way === 'float64' ? 1e-9 : 2e-6
  return differenceOfTrees(
    way,
    found as Tree<Tensor>,
    fixture.f64,
    (wanted, largest) => relative * Math.max(Math.abs(wanted), 0.1 * largest, 1e-6),
  )
}

/** Replays functions of optax: projections, tree maths, clipping. */
export async function* replayFunctions({ cases }: { readonly cases: readonly FunctionCase[] }): AsyncIterable<CaseResult> {
  for (const fixture of cases) yield await resultOf(fixture.name, (way) => replayIn(named(fixture), way))
}
