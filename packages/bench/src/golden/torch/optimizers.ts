import * as optim from '@grad-ts/optim'
import type { GradientTransformation, Hyperparameter, Schedule } from '@grad-ts/optim'
import { NotCovered, UnknownName } from '../optax/errors.ts'

/** Arguments of an optimizer of PyTorch. */
export type Arguments = Readonly<Record<string, unknown>>

/** What a scheduler sets in place of the arguments. */
export interface Scheduled {
  readonly learningRate?: Schedule | undefined
  readonly momentum?: Schedule | undefined
}

interface Numbers {
  readonly learningRate: Hyperparameter
  readonly b1: Hyperparameter
  readonly b2: number
  readonly eps: number | undefined
}

const number = (args: Arguments, name: string): number | undefined => args[name] as number | undefined

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T

/** Learning rate, decays and eps of Adam and its like. */
const adamNumbers = (args: Arguments, scheduled: Scheduled, lr: number): Numbers => {
  const [b1, b2] = (args['betas'] ?? [0.9, 0.999]) as readonly [number, number]
  return { learningRate: rate(args, scheduled, lr), b1: scheduled.momentum ?? b1, b2, eps: number(args, 'eps') }
}

const rate = (args: Arguments, { learningRate }: Scheduled, lr: number): Hyperparameter => learningRate ?? number(args, 'lr') ?? lr

const dialect = 'torch' as const
type Rule = (args: Arguments, scheduled: Scheduled) => GradientTransformation

const withDecay = (rule: GradientTransformation, weightDecay: number, learningRate: Hyperparameter): GradientTransformation =>
  weightDecay === 0
    ? (optim.chain(rule, optim.scaleByLearningRate(learningRate) as GradientTransformation) as GradientTransformation)
    : (optim.chain(
        rule,
        optim.addDecayedWeights(weightDecay) as GradientTransformation,
        optim.scaleByLearningRate(learningRate) as GradientTransformation,
      ) as GradientTransformation)

/** Adam's rule without its learning rate. */
const adamRule = (args: Arguments, { b1, b2, eps }: Numbers): GradientTransformation => {
  const options = defined({ b1, b2, eps, dialect }) as never
  return (args['amsgrad'] === true ? optim.scaleByAmsgrad(options) : optim.scaleByAdam(options)) as GradientTransformation
}

/** Weight decay that a flag takes out of the gradient. */
const decoupledDecay = (args: Arguments, otherwise = 0): number =>
  args['decoupled_weight_decay'] === true || otherwise > 0 ? ((args['weight_decay'] ?? otherwise) as number) : 0

const nadamBase = (args: Arguments, scheduled: Scheduled): GradientTransformation => {
  const { learningRate, ...rule } = adamNumbers(args, scheduled, 2e-3)
  const options = defined({
    learningRate,
    ...rule,
    dialect,
    momentumDecay: number(args, 'momentum_decay'),
    doubledProduct: args['doubled_product'] as boolean | undefined,
  })
  const weightDecay = decoupledDecay(args)
  return (weightDecay === 0
    ? optim.nadam(options as never)
    : optim.nadamw({ ...options, weightDecay } as never)) as unknown as GradientTransformation
}

const rules: Readonly<Record<string, Rule>> = {
  SGD: (args, scheduled) => {
    const momentum = scheduled.momentum ?? number(args, 'momentum') ?? 0
    return optim.sgd(
      defined({
        learningRate: rate(args, scheduled, 1e-3),
        momentum: momentum === 0 ? null : momentum,
        nesterov: args['nesterov'] as boolean | undefined,
        dampening: number(args, 'dampening'),
        dialect,
      }) as never,
    ) as unknown as GradientTransformation
  },
  Adam: (args, scheduled) => {
    const numbers = adamNumbers(args, scheduled, 1e-3)
    return withDecay(adamRule(args, numbers), decoupledDecay(args), numbers.learningRate)
  },
  AdamW: (args, scheduled) => {
    const numbers = adamNumbers(args, scheduled, 1e-3)
    return withDecay(adamRule(args, numbers), (args['weight_decay'] ?? 1e-2) as number, numbers.learningRate)
  },
  SparseAdam: (args, scheduled) => {
    const numbers = adamNumbers(args, scheduled, 1e-3)
    return withDecay(adamRule({}, numbers), 0, numbers.learningRate)
  },
  Adamax: (args, scheduled) =>
    optim.adamax(defined({ ...adamNumbers(args, scheduled, 2e-3), dialect }) as never) as unknown as GradientTransformation,
  NAdam: nadamBase,
  RAdam: (args, scheduled) => {
    const { learningRate, ...rule } = adamNumbers(args, scheduled, 1e-3)
    return withDecay(
      optim.scaleByRadam(defined({ ...rule, dialect }) as never) as GradientTransformation,
      decoupledDecay(args),
      learningRate,
    )
  },
  RMSprop: (args, scheduled) => {
    const momentum = scheduled.momentum ?? number(args, 'momentum') ?? 0
    return optim.rmsprop(
      defined({
        learningRate: rate(args, scheduled, 1e-2),
        decay: number(args, 'alpha'),
        eps: number(args, 'eps'),
        centered: args['centered'] as boolean | undefined,
        momentum: momentum === 0 ? null : momentum,
        dialect,
      }) as never,
    ) as unknown as GradientTransformation
  },
  Rprop: (args, scheduled) => {
    const [etaMinus, etaPlus] = (args['etas'] ?? [0.5, 1.2]) as readonly [number, number]
    const [minStepSize, maxStepSize] = (args['step_sizes'] ?? [1e-6, 50]) as readonly [number, number]
    // The step sizes start at the learning rate and go their own way.
    const learningRate = number(args, 'lr') ?? 1e-2
    if (scheduled.learningRate !== undefined) throw new UnknownName('Rprop reads no learning rate after its first step')
    return optim.rprop({ learningRate, etaMinus, etaPlus, minStepSize, maxStepSize, dialect }) as unknown as GradientTransformation
  },
  Adadelta: (args, scheduled) =>
    optim.adadelta(
      defined({ learningRate: rate(args, scheduled, 1), rho: number(args, 'rho'), eps: number(args, 'eps'), dialect }) as never,
    ) as unknown as GradientTransformation,
  Adagrad: (args, scheduled) => {
    const base = rate(args, scheduled, 1e-2)
    const decay = number(args, 'lr_decay') ?? 0
    const fading = optim.inverseTimeDecay({ initValue: typeof base === 'number' ? base : 1, transitionSteps: 1, decayRate: decay })
    const decayed = typeof base === 'number' ? fading : optim.product([base as Schedule, fading])
    return optim.adagrad(
      defined({
        learningRate: decay === 0 ? base : decayed,
        initialAccumulatorValue: number(args, 'initial_accumulator_value'),
        eps: number(args, 'eps'),
        dialect,
      }) as never,
    ) as unknown as GradientTransformation
  },
  ASGD: (args, scheduled) =>
    optim.asgd(
      defined({
        learningRate: rate(args, scheduled, 1e-2),
        lambd: number(args, 'lambd'),
        alpha: number(args, 'alpha'),
        t0: number(args, 't0'),
      }) as never,
    ) as unknown as GradientTransformation,
  Adafactor: (args, scheduled) => {
    const [eps] = (args['eps'] ?? [null, 1e-3]) as readonly [number | null, number]
    return optim.adafactor(
      defined({
        learningRate: rate(args, scheduled, 1e-2),
        decayRate: -(number(args, 'beta2_decay') ?? -0.8),
        clippingThreshold: number(args, 'd') ?? 1,
        eps: eps ?? undefined,
        weightDecayRate: number(args, 'weight_decay') === 0 ? undefined : number(args, 'weight_decay'),
        dialect,
      }) as never,
    ) as unknown as GradientTransformation
  },
}

/** Optimizers whose weight decay is never added to the gradient. */
const decoupled = new Set(['AdamW', 'Adafactor', 'Muon'])

/** Makes the rule of an optimizer: the sign for `maximize`, weight decay in the gradient, the optimizer itself. */
export const optimizerOf = (name: string, args: Arguments, scheduled: Scheduled): GradientTransformation => {
  if (name === 'LBFGS') throw new NotCovered('L-BFGS calls the objective inside the update')
  const rule = rules[name]
  if (rule === undefined) throw new UnknownName(`no optimizer '${name}' here`)
  const weightDecay = decoupled.has(name) || args['decoupled_weight_decay'] === true ? 0 : (number(args, 'weight_decay') ?? 0)
  const before: GradientTransformation[] = [
    ...(args['maximize'] === true ? [optim.scale(-1) as GradientTransformation] : []),
    ...(weightDecay === 0 ? [] : [optim.addDecayedWeights(weightDecay) as GradientTransformation]),
  ]
  return optim.chain(...before, rule(args, scheduled)) as unknown as GradientTransformation
}
