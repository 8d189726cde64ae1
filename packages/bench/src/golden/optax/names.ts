import * as optim from '@grad-ts/optim'
import type { GradientTransformation, Schedule } from '@grad-ts/optim'
import { scheduleTable, transformationTable } from '@grad-ts/optim/specs'
import { asTensor, cast, equal, less, mod, pow, square, where } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { isNode, map } from '@grad-ts/tree'
import { NotCovered, UnknownName } from './errors.ts'
import { camelCase } from '../spelling.ts'

type Arguments = Readonly<Record<string, unknown>>

/** Functions whose name differs by more than spelling. */
const functionNames: Readonly<Record<string, string>> = {
  multi_transform: 'partition',
  MultiSteps: 'multiSteps',
  optimistic_adam_v2: 'optimisticAdam',
}

const scheduleNames: Readonly<Record<string, string>> = {
  sgdr_schedule: 'sgdr',
  join_schedules: 'join',
  linear_onecycle_schedule: 'linearOneCycle',
  cosine_onecycle_schedule: 'cosineOneCycle',
  warmup_exponential_decay_schedule: 'warmupExponentialDecay',
}

/** Arguments whose name differs by more than spelling, for all functions or for one. */
const argumentNames: Readonly<Record<string, string>> = {
  eps_in_sqrt: 'epsInRoot',
  beta3: 'b3',
  axis: 'axes',
  key: 'seed',
  param_labels: 'labels',
  transforms: 'transformations',
  accumulation_size: 'window',
  muon_weight_dimension_numbers: 'axes',
  weight_dimension_numbers: 'axes',
  hessian_diagonal_fn: 'hessianDiagonal',
  clip_value_fn: 'clipValue',
  every_k_schedule: 'every',
  should_transform_fn: 'condition',
  opt: 'inner',
  fast_optimizer: 'inner',
  base_optimizer: 'inner',
  adv_optimizer: 'adversary',
  opaque_mode: 'opaque',
  boundaries_and_scales: 'factors',
  interpolate_type: 'interpolation',
  cosine_kwargs: 'cycles',
}
const namesFor: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  scale: { step_size: 'factor' },
  scaleBySchedule: { step_size_fn: 'schedule' },
  selectiveTransform: { optimizer: 'inner' },
  warmupCosineDecay: { decay_steps: 'totalSteps' },
  cosineDecay: { decay_steps: 'transitionSteps' },
}

/** The order in which Python takes arguments by position, where ours are in another. */
const positions: Readonly<Record<string, readonly string[]>> = {
  scaleByFactoredRms: ['factored', 'decay_rate', 'step_offset', 'min_dim_size_to_factor', 'epsilon'],
  multiSteps: ['opt', 'every_k_schedule', 'use_grad_mean', 'should_skip_update_fn'],
  addNoise: ['eta', 'gamma', 'key'],
  reduceOnPlateau: ['factor', 'patience', 'rtol', 'atol', 'cooldown', 'accumulation_size', 'min_scale'],
  prodigy: ['learning_rate', 'betas', 'beta3', 'eps', 'estim_lr0', 'estim_lr_coef', 'weight_decay', 'safeguard_warmup'],
  dadaptAdamw: ['learning_rate', 'betas', 'eps', 'estim_lr0', 'weight_decay'],
  sgd: ['learning_rate', 'momentum', 'nesterov'],
  cosineDecay: ['init_value', 'decay_steps', 'alpha', 'exponent'],
  piecewiseInterpolate: ['interpolate_type', 'init_value', 'boundaries_and_scales'],
  linearOneCycle: ['transition_steps', 'peak_value', 'pct_start', 'pct_final', 'div_factor', 'final_div_factor'],
  warmupCosineDecay: ['init_value', 'peak_value', 'warmup_steps', 'decay_steps', 'end_value', 'exponent'],
}

// Element types of averages and the printing of progress change no number here.
const ignored = new Set([
  'mu_dtype',
  'accumulator_dtype',
  'dtype_momentum',
  'state_dtype',
  'param_dtype',
  'verbose',
  'print_win_rate_every_n_steps',
  'mask_compatible_extra_args',
  'forward_extra_args',
  'batch_axis_name',
])

const betas = (value: unknown): Arguments => {
  const [b1, b2] = value as readonly number[]
  return { b1, b2 }
}

const firstSteps: Readonly<Record<string, string>> = { learning_rate: 'learningRate' }

/** Arguments that become other arguments. */
const translations: Readonly<Record<string, (value: unknown) => Arguments>> = {
  betas,
  use_grad_mean: (value) => ({ reduce: value === false ? 'sum' : 'mean' }),
  should_skip_update_fn: (value) => ({ skip: value }),
  init_step: (value) => {
    const [kind, size] = value as readonly [string, number]
    return { initStep: [firstSteps[kind] ?? kind, size] }
  },
}

const renamed = (target: string, args: Arguments): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).flatMap(([name, value]): [string, unknown][] => {
      if (ignored.has(name)) return []
      const translate = translations[name]
      if (translate !== undefined) return Object.entries(translate(value))
      return [[namesFor[target]?.[name] ?? argumentNames[name] ?? camelCase(name), value]]
    }),
  )

const named = (target: string, order: readonly string[], pos: readonly unknown[], args: Arguments): Record<string, unknown> => ({
  ...renamed(target, Object.fromEntries(pos.map((value, i) => [positions[target]?.[i] ?? order[i] ?? `position ${i}`, value]))),
  ...renamed(target, args),
})

interface Node {
  readonly fn?: string
  readonly inject?: string
  readonly schedule?: string
  readonly named?: string
  readonly pos?: readonly unknown[]
  readonly args?: Arguments
  readonly inject_args?: Arguments
  readonly tree?: unknown
  readonly map?: Readonly<Record<string, unknown>>
  readonly steps?: Readonly<Record<string, number>>
  readonly kwargs?: Arguments
  readonly dims?: readonly [number | readonly number[], number | readonly number[]]
}

const list = (value: number | readonly number[]): readonly number[] => (typeof value === 'number' ? [value] : value)

/** A literal tree; a leaf of dimension numbers becomes our axes. */
const treeOf = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(treeOf)
  const { dims } = value as Node
  if (dims !== undefined) return { inputs: list(dims[0]), outputs: list(dims[1]) }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, treeOf(child)]))
}

const powerOf =
  (exponent: number): Schedule =>
  (count, dtype: FloatDType = 'float32') => {
    const x = cast(count, dtype)
    return pow(x, asTensor(exponent, dtype))
  }

/** The functions that fixtures call by name. */
const functions: Readonly<Record<string, (args: Readonly<Record<string, number>>) => unknown>> = {
  step_lt:
    ({ n }) =>
    (step: Tensor) =>
      less(step, n as number),
  step_mod_eq:
    ({ k, r }) =>
    (step: Tensor) =>
      equal(mod(step, k as number), r as number),
  value_lt:
    ({ threshold }) =>
    (_: Tensor, context: { readonly value: Tensor }) =>
      less(context.value, threshold as number),
  skip_not_finite: () => ({ policy: 'notFinite' }),
  skip_large_updates: ({ max_squared_norm }) => ({ policy: 'large', maxSquaredNorm: max_squared_norm }),
  every_k:
    ({ until, k0, k1 }) =>
    (step: Tensor) =>
      where(less(step, until as number), asTensor(k0 as number, 'int32'), asTensor(k1 as number, 'int32')),
  pow: ({ p }) => powerOf(p as number),
  ndim_gt_1: () => (_: string, leaf: Tensor) => leaf.shape.length > 1,
  square_grads: () => (gradient: never) => map((g: Tensor) => square(g), gradient),
}

const functionOf = ({ named: name, args = {} }: Node): unknown => {
  const make = functions[name as string]
  if (make === undefined) throw new UnknownName(`no function '${name}' here`)
  return make(args as Readonly<Record<string, number>>)
}

/** Turns a node of a fixture into what it stands for. */
export const valueOf = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(valueOf)
  if (!isNode(node) || node === null) return node
  const shape = node as Node
  if (shape.fn !== undefined || shape.inject !== undefined) return transformationOf(node)
  if (shape.schedule !== undefined) return scheduleOf(node)
  if (shape.named !== undefined) return functionOf(shape)
  if ('tree' in shape) return treeOf(shape.tree)
  if (shape.map !== undefined) return Object.fromEntries(Object.entries(shape.map).map(([key, value]) => [key, valueOf(value)]))
  if (shape.steps !== undefined) return shape.steps
  if (shape.kwargs !== undefined) return renamed('warmupCosineDecay', shape.kwargs)
  return node
}

const valuesOf = (args: Arguments | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(args ?? {}).map(([key, value]) => [key, valueOf(value)]))

/** optax takes steps ≤ 0 as "stay", which is 0 steps here; a beginning before 0 is 0. */
const nonNegativeSteps = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      (key === 'transitionSteps' || key === 'transitionBegin') && typeof value === 'number' ? Math.max(value, 0) : value,
    ]),
  )

/** Schedules whose arguments are not ours one by one. */
const scheduleArguments: Readonly<Record<string, (options: Record<string, unknown>) => Record<string, unknown>>> = {
  cosineDecay: ({ alpha = 0, ...options }) => ({ ...options, endValue: (options['initValue'] as number) * (alpha as number) }),
  piecewiseConstant: ({ factors, ...options }) => ({ ...options, factors: factors ?? {} }),
  // Without a warm-up optax stays at the first value.
  warmupConstant: ({ peakValue, ...options }) => ({
    ...options,
    peakValue: Number(options['warmupSteps']) > 0 ? peakValue : options['initValue'],
    warmupSteps: Math.max(Number(options['warmupSteps']), 0),
  }),
  piecewiseInterpolate: ({ factors, ...options }) => ({ ...options, factors: factors ?? {} }),
}

/** Makes the schedule that a node describes. */
export const scheduleOf = (node: unknown): Schedule => {
  const { schedule, pos = [], args } = node as Node
  const name = schedule as string
  const target = scheduleNames[name] ?? camelCase(name.replace(/_schedule$/, ''))
  const definition = scheduleTable[target]
  if (definition === undefined) throw new UnknownName(`no schedule '${name}' here`)
  const options = nonNegativeSteps(named(target, Object.keys(definition.fields), pos.map(valueOf), valuesOf(args)))
  return definition.make(scheduleArguments[target]?.(options) ?? options)
}

const isLineSearch = (name: string): boolean => /lbfgs|linesearch/.test(name)

const make = (target: string, options: Record<string, unknown>): GradientTransformation => {
  const definition = transformationTable[target]
  if (definition === undefined) throw new UnknownName(`no transformation '${target}' here`)
  return definition.make(options)
}

type Special = (pos: readonly unknown[], args: Record<string, unknown>) => GradientTransformation

const adadelta: Special = (pos, args) => {
  const options = named('adadelta', ['learning_rate', 'rho', 'eps', 'weight_decay', 'weight_decay_mask'], pos, args)
  if ((options['learningRate'] ?? null) !== null) return make('adadelta', options)
  // Without a learning rate optax does not flip the sign.
  const { learningRate: _, weightDecay = 0, weightDecayMask = null, ...rule } = options
  return optim.chain(
    optim.addDecayedWeights(weightDecay as number, { mask: weightDecayMask as never }) as GradientTransformation,
    make('scaleByAdadelta', rule),
  )
}

const optimisticAdam: Special = (pos, args) => {
  const options = named('optimisticAdam', ['learning_rate', 'optimism', 'b1', 'b2', 'eps', 'eps_root'], pos, args)
  const { optimism, learningRate, ...rule } = options
  return make('optimisticAdam', { ...rule, learningRate: 1, alpha: learningRate, beta: optimism ?? learningRate })
}

/** Calls that are not one factory with the same arguments. */
const specials: Readonly<Record<string, Special>> = {
  chain: (pos) => optim.chain(...(pos as GradientTransformation[])),
  named_chain: (pos) => optim.namedChain(Object.fromEntries(pos as readonly [string, GradientTransformation][])),
  adadelta,
  optimistic_adam: optimisticAdam,
  scale_by_learning_rate: (pos, args) => {
    const options = named('scaleByLearningRate', ['learning_rate', 'flip_sign'], pos, args)
    return (options['learningRate'] ?? null) === null ? (optim.identity() as GradientTransformation) : make('scaleByLearningRate', options)
  },
  'contrib.scale_by_muon': (pos, args) =>
    make('scaleByMuon', {
      ...named('scaleByMuon', ['ns_coeffs', 'ns_steps', 'beta', 'eps'], pos, args),
      scaleByShape: false,
    }),
  'contrib.split_real_and_imaginary': ([inner]) => inner as GradientTransformation,
  madgrad: (pos, args) => make('madgrad', named('madgrad', ['learning_rate', 'momentum', 'weight_decay', 'eps'], pos, args)),
}

/** A mask that is true for everything is no mask, where none is the default. */
const booleanMask = (
  fields: Readonly<Record<string, { readonly default?: unknown }>>,
  options: Record<string, unknown>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      key.toLowerCase().endsWith('mask') && value === true && fields[key]?.default === null ? null : value,
    ]),
  )

const targetOf = (name: string): string => functionNames[name] ?? camelCase(name.replace(/^contrib\./, ''))

/** Makes the transformation that a node describes. */
export const transformationOf = (node: unknown): GradientTransformation => {
  const { fn, inject, pos = [], args } = node as Node
  const name = (fn ?? inject) as string
  if (isLineSearch(name)) throw new NotCovered('L-BFGS and line searches call the objective inside the update')
  const positional = pos.map(valueOf)
  const options = valuesOf(args)
  const special = specials[name]
  if (special !== undefined && inject === undefined) return special(positional, options)
  const target = targetOf(name)
  const definition = transformationTable[target]
  if (definition === undefined) throw new UnknownName(`no transformation '${name}' here`)
  const given = booleanMask(definition.fields, named(target, Object.keys(definition.fields), positional, options))
  if (inject === undefined) return definition.make(given)
  return optim.injectHyperparams(Object.assign(() => undefined, { definition }) as never)(given as never) as GradientTransformation
}
