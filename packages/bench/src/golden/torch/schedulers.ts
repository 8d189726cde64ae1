import {
  cosineAnnealing,
  cyclic,
  exponentialDecay,
  join,
  linear,
  oneCycle,
  piecewiseConstant,
  polynomial,
  product,
  warmRestarts,
} from '@grad-ts/optim'
import type { CyclicOptions, Schedule } from '@grad-ts/optim'
import { UnknownName } from '../optax/errors.ts'
import { checkArguments, reader } from './arguments.ts'
import type { Arguments } from './arguments.ts'

/** What a scheduler sets: the learning rate, and the momentum if it cycles. */
export interface Rates {
  readonly learningRate: Schedule
  readonly momentum?: Schedule
}

type Reader = ReturnType<typeof reader>

interface Scheduler {
  readonly known: readonly string[]
  readonly make: (read: Reader, base: number, args: Arguments) => Rates
  /** Whether it takes the rate that is there and changes it, rather than setting its own. */
  readonly chains?: boolean
}

const rate = (learningRate: Schedule): Rates => ({ learningRate })

const steps = (initValue: number, factors: Readonly<Record<number, number>>): Rates => rate(piecewiseConstant({ initValue, factors }))

/** Factors by milestone; a milestone that is named twice counts twice. */
const factorsAt = (milestones: readonly number[], gamma: number): Record<number, number> => {
  const factors: Record<number, number> = {}
  for (const milestone of milestones) factors[milestone] = (factors[milestone] ?? 1) * gamma
  return factors
}

const decay = (initValue: number, decayRate: number, transitionSteps: number): Rates =>
  decayRate === 0
    ? steps(initValue, { [transitionSteps]: 0 })
    : rate(exponentialDecay({ initValue, decayRate, transitionSteps, staircase: transitionSteps > 1 }))

const cycleModes = { triangular: 'triangular', triangular2: 'triangular2', exp_range: 'expRange' } as const

const cycle = (read: Reader): Rates => {
  const stepsUp = read.number('step_size_up', 2000)
  const mode = cycleModes[read.text('mode', 'triangular') as keyof typeof cycleModes]
  if (mode === undefined) throw new UnknownName(`CyclicLR has no mode '${read.text('mode', '')}'`)
  const shared: Omit<CyclicOptions, 'baseValue' | 'maxValue'> = {
    stepsUp,
    stepsDown: read.number('step_size_down', stepsUp),
    mode,
    gamma: read.number('gamma', 1),
  }
  const learningRate = cyclic({ ...shared, baseValue: read.number('base_lr'), maxValue: read.number('max_lr') })
  if (!read.flag('cycle_momentum', true)) return { learningRate }
  const [baseValue, maxValue] = [read.number('base_momentum', 0.8), read.number('max_momentum', 0.9)]
  return { learningRate, momentum: cyclic({ ...shared, baseValue, maxValue, inverse: true }) }
}

const oneCycleSteps = (read: Reader, args: Arguments): number =>
  args['total_steps'] === undefined ? read.number('epochs') * read.number('steps_per_epoch') : read.number('total_steps')

const once = (read: Reader, args: Arguments): Rates => {
  const shared = {
    totalSteps: oneCycleSteps(read, args),
    pctStart: read.number('pct_start', 0.3),
    interpolation: read.text('anneal_strategy', 'cos') === 'linear' ? 'linear' : 'cosine',
    threePhase: read.flag('three_phase', false),
  } as const
  const peakValue = read.number('max_lr')
  const initValue = peakValue / read.number('div_factor', 25)
  const learningRate = oneCycle({ ...shared, initValue, peakValue, endValue: initValue / read.number('final_div_factor', 1e4) })
  if (!read.flag('cycle_momentum', true)) return { learningRate }
  const highest = read.number('max_momentum', 0.95)
  const lowest = read.number('base_momentum', 0.85)
  return { learningRate, momentum: oneCycle({ ...shared, initValue: highest, peakValue: lowest, endValue: highest }) }
}

interface Part {
  readonly cls: string
  readonly args?: Arguments
}

const sequence = (args: Arguments, base: number): Rates => {
  const parts = (args['parts'] as readonly Part[]).map((part) => ratesOf(part.cls, part.args ?? {}, base).learningRate)
  return rate(join(parts, args['milestones'] as readonly number[]))
}

const chained = (args: Arguments, base: number): Rates => {
  const parts = args['parts'] as readonly Part[]
  const setter = parts.find(({ cls, args: own }) => schedulers[cls]?.chains !== true || Number(own?.['eta_min'] ?? 0) !== 0)
  if (setter !== undefined) throw new UnknownName(`${setter.cls} in a ChainedScheduler is no product of schedules`)
  return rate(product(parts.map((part, i) => ratesOf(part.cls, part.args ?? {}, i === 0 ? base : 1).learningRate)))
}

const oneCycleArguments = ['max_lr', 'total_steps', 'epochs', 'steps_per_epoch', 'pct_start', 'anneal_strategy', 'cycle_momentum']
const phaseArguments = ['base_momentum', 'max_momentum', 'div_factor', 'final_div_factor', 'three_phase']
const cyclicArguments = ['base_lr', 'max_lr', 'step_size_up', 'step_size_down', 'mode', 'gamma', 'scale_mode', 'cycle_momentum']

const schedulers: Readonly<Record<string, Scheduler>> = {
  StepLR: {
    known: ['step_size', 'gamma'],
    make: (read, base) => decay(base, read.number('gamma', 0.1), read.number('step_size')),
    chains: true,
  },
  MultiStepLR: {
    known: ['milestones', 'gamma'],
    make: (read, base, args) => steps(base, factorsAt(args['milestones'] as readonly number[], read.number('gamma', 0.1))),
    chains: true,
  },
  ConstantLR: {
    known: ['factor', 'total_iters'],
    make: (read, base) => {
      const factor = read.number('factor', 1 / 3)
      return steps(base * factor, { [read.number('total_iters', 5)]: 1 / factor })
    },
    chains: true,
  },
  LinearLR: {
    known: ['start_factor', 'end_factor', 'total_iters'],
    make: (read, base) => {
      const [initValue, endValue] = [base * read.number('start_factor', 1 / 3), base * read.number('end_factor', 1)]
      return rate(linear({ initValue, endValue, transitionSteps: read.number('total_iters', 5) }))
    },
    chains: true,
  },
  ExponentialLR: { known: ['gamma'], make: (read, base) => decay(base, read.number('gamma'), 1), chains: true },
  PolynomialLR: {
    known: ['total_iters', 'power'],
    make: (read, initValue) =>
      rate(polynomial({ initValue, endValue: 0, transitionSteps: read.number('total_iters', 5), power: read.number('power', 1) })),
    chains: true,
  },
  CosineAnnealingLR: {
    known: ['T_max', 'eta_min'],
    make: (read, initValue) =>
      rate(cosineAnnealing({ initValue, endValue: read.number('eta_min', 0), transitionSteps: read.number('T_max') })),
    chains: true,
  },
  CosineAnnealingWarmRestarts: {
    known: ['T_0', 'T_mult', 'eta_min'],
    make: (read, initValue) =>
      rate(
        warmRestarts({
          initValue,
          endValue: read.number('eta_min', 0),
          transitionSteps: read.number('T_0'),
          stepsFactor: read.number('T_mult', 1),
        }),
      ),
  },
  CyclicLR: { known: [...cyclicArguments, 'base_momentum', 'max_momentum'], make: cycle },
  OneCycleLR: { known: [...oneCycleArguments, ...phaseArguments], make: (read, _, args) => once(read, args) },
  SequentialLR: { known: ['parts', 'milestones'], make: (_, base, args) => sequence(args, base) },
  ChainedScheduler: { known: ['parts'], make: (_, base, args) => chained(args, base), chains: true },
}

// Neither changes what is computed.
const ignored = ['last_epoch', 'verbose']

/**
 * The rates that a scheduler of `torch.optim.lr_scheduler` sets, as schedules.
 *
 * @param base the learning rate that the optimizer was given
 * @param group which of several parameter groups
 */
export const ratesOf = (cls: string, args: Arguments, base: number, group = 0): Rates => {
  const scheduler = schedulers[cls]
  if (scheduler === undefined) throw new UnknownName(`no scheduler '${cls}' here`)
  checkArguments(cls, args, [...scheduler.known, ...ignored])
  return scheduler.make(reader(cls, args, group), base, args)
}
