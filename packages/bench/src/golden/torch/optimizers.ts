import {
  adadelta,
  adagrad,
  adam,
  adamax,
  addDecayedWeights,
  amsgrad,
  asgd,
  chain,
  identity,
  inverseTimeDecay,
  nadam,
  nadamw,
  product,
  radam,
  rmsprop,
  rprop,
  scale,
  scaleByAdam,
  scaleByAmsgrad,
  scaleByLearningRate,
  scaleByRadam,
  sgd,
} from '@grad-ts/optim'
import type { GradientTransformation, Hyperparameter } from '@grad-ts/optim'
import { maximum, sub } from '@grad-ts/tensor'
import { NotCovered, UnknownName } from '../optax/errors.ts'
import { checkArguments, reader } from './arguments.ts'
import type { Arguments } from './arguments.ts'

/** What an optimizer is made of besides its arguments. */
export interface Setting {
  readonly learningRate: Hyperparameter
  /** The momentum that a scheduler cycles, if it does. */
  readonly momentum?: Hyperparameter | undefined
  /** The release of PyTorch, such as 1.13. */
  readonly version: number
}

type Reader = ReturnType<typeof reader>

interface Optimizer {
  readonly known: readonly string[]
  readonly learningRate: number
  /** Default of a weight decay that joins the gradient; none where the rule takes it itself. */
  readonly weightDecay?: number
  readonly make: (read: Reader, setting: Setting) => GradientTransformation
}

const dialect = 'torch' as const

const averages = (read: Reader, { momentum }: Setting) => {
  const [b1, b2] = read.pair('betas', [0.9, 0.999])
  return { b1: momentum ?? b1, b2, eps: read.number('eps', 1e-8), dialect } as const
}

/** PyTorch's ASGD takes the step size that it computed at the end of the step before. */
const oneStepLate = (learningRate: Hyperparameter): Hyperparameter =>
  typeof learningRate === 'function' ? (count, dtype) => learningRate(maximum(sub(count, 1), 0), dtype) : learningRate

/** The decay of the parameters apart from the gradient, after a rule. */
const decoupled = (rule: GradientTransformation, weightDecay: number, learningRate: Hyperparameter): GradientTransformation =>
  chain(rule, addDecayedWeights(weightDecay), scaleByLearningRate(learningRate)) as GradientTransformation

const slowing = (learningRate: Hyperparameter, decayRate: number): Hyperparameter => {
  const decay = inverseTimeDecay({ initValue: typeof learningRate === 'number' ? learningRate : 1, decayRate, transitionSteps: 1 })
  return typeof learningRate === 'function' ? product([learningRate, decay]) : decay
}

const optimizers: Readonly<Record<string, Optimizer>> = {
  SGD: {
    known: ['momentum', 'dampening', 'nesterov'],
    learningRate: 1e-3,
    weightDecay: 0,
    make: (read, { learningRate, momentum = read.number('momentum', 0) }) =>
      sgd({
        learningRate,
        momentum: momentum === 0 ? null : momentum,
        dampening: read.number('dampening', 0),
        nesterov: read.flag('nesterov', false),
        dialect,
      }) as GradientTransformation,
  },
  Adam: {
    known: ['betas', 'eps', 'amsgrad'],
    learningRate: 1e-3,
    weightDecay: 0,
    make: (read, setting) => {
      const options = { ...averages(read, setting), learningRate: setting.learningRate }
      return (read.flag('amsgrad', false) ? amsgrad(options) : adam(options)) as GradientTransformation
    },
  },
  AdamW: {
    known: ['betas', 'eps', 'amsgrad', 'weight_decay'],
    learningRate: 1e-3,
    make: (read, setting) => {
      const options = averages(read, setting)
      const rule = (read.flag('amsgrad', false) ? scaleByAmsgrad(options) : scaleByAdam(options)) as GradientTransformation
      return decoupled(rule, read.number('weight_decay', 1e-2), setting.learningRate)
    },
  },
  NAdam: {
    known: ['betas', 'eps', 'momentum_decay', 'decoupled_weight_decay'],
    learningRate: 2e-3,
    weightDecay: 0,
    make: (read, setting) => {
      const { learningRate, version } = setting
      const momentumDecay = read.number('momentum_decay', 4e-3)
      const options = { ...averages(read, setting), learningRate, momentumDecay, doubledProduct: version < 2 }
      return (
        read.flag('decoupled_weight_decay', false) ? nadamw({ ...options, weightDecay: read.number('weight_decay', 0) }) : nadam(options)
      ) as GradientTransformation
    },
  },
  RAdam: {
    known: ['betas', 'eps', 'decoupled_weight_decay'],
    learningRate: 1e-3,
    weightDecay: 0,
    make: (read, setting) => {
      const { learningRate } = setting
      const rule = averages(read, setting)
      return read.flag('decoupled_weight_decay', false)
        ? decoupled(scaleByRadam(rule) as GradientTransformation, read.number('weight_decay', 0), learningRate)
        : (radam({ ...rule, learningRate }) as GradientTransformation)
    },
  },
  Adamax: {
    known: ['betas', 'eps'],
    learningRate: 2e-3,
    weightDecay: 0,
    make: (read, setting) => adamax({ ...averages(read, setting), learningRate: setting.learningRate }) as GradientTransformation,
  },
  Adadelta: {
    known: ['rho', 'eps'],
    learningRate: 1,
    weightDecay: 0,
    make: (read, { learningRate }) =>
      adadelta({ learningRate, rho: read.number('rho', 0.9), eps: read.number('eps', 1e-6), dialect }) as GradientTransformation,
  },
  Adagrad: {
    known: ['lr_decay', 'initial_accumulator_value', 'eps'],
    learningRate: 1e-2,
    weightDecay: 0,
    make: (read, { learningRate }) =>
      adagrad({
        learningRate: slowing(learningRate, read.number('lr_decay', 0)),
        initialAccumulatorValue: read.number('initial_accumulator_value', 0),
        eps: read.number('eps', 1e-10),
        dialect,
      }) as GradientTransformation,
  },
  RMSprop: {
    known: ['alpha', 'eps', 'momentum', 'centered'],
    learningRate: 1e-2,
    weightDecay: 0,
    make: (read, { learningRate, momentum = read.number('momentum', 0) }) =>
      rmsprop({
        learningRate,
        decay: read.number('alpha', 0.99),
        eps: read.number('eps', 1e-8),
        centered: read.flag('centered', false),
        momentum: momentum === 0 ? null : momentum,
        dialect,
      }) as GradientTransformation,
  },
  Rprop: {
    known: ['etas', 'step_sizes'],
    learningRate: 1e-2,
    make: (read, { learningRate }) => {
      const [etaMinus, etaPlus] = read.pair('etas', [0.5, 1.2])
      const [minStepSize, maxStepSize] = read.pair('step_sizes', [1e-6, 50])
      return rprop({ learningRate, etaMinus, etaPlus, minStepSize, maxStepSize, dialect }) as GradientTransformation
    },
  },
  ASGD: {
    known: ['lambd', 'alpha', 't0'],
    learningRate: 1e-2,
    weightDecay: 0,
    make: (read, { learningRate }) =>
      asgd({
        learningRate: oneStepLate(learningRate),
        lambd: read.number('lambd', 1e-4),
        alpha: read.number('alpha', 0.75),
        t0: read.number('t0', 1e6),
      }) as GradientTransformation,
  },
}

// How it is computed, not what.
const ignored = ['lr', 'foreach', 'fused', 'capturable', 'differentiable', 'maximize']

const lookUp = (cls: string): Optimizer => {
  if (cls === 'LBFGS') throw new NotCovered('L-BFGS calls the objective inside the update')
  const optimizer = optimizers[cls]
  if (optimizer === undefined) throw new UnknownName(`no optimizer '${cls}' here`)
  return optimizer
}

/** The learning rate that an optimizer of `torch.optim` has with some arguments. */
export const learningRateOf = (cls: string, args: Arguments): number => Number(args['lr'] ?? lookUp(cls).learningRate)

/** The transformation that does what an optimizer of `torch.optim` does. */
export const optimizerOf = (cls: string, args: Arguments, setting: Setting): GradientTransformation => {
  const { known, make, weightDecay } = lookUp(cls)
  const ownDecay = weightDecay === undefined || args['decoupled_weight_decay'] === true
  checkArguments(cls, args, [...known, ...(weightDecay === undefined ? [] : ['weight_decay']), ...ignored])
  const read = reader(cls, args)
  return chain(
    read.flag('maximize', false) ? scale(-1) : identity(),
    addDecayedWeights(ownDecay ? 0 : read.number('weight_decay', weightDecay)),
    make(read, setting),
  ) as GradientTransformation
}
