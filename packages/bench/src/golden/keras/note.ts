import { adam, adamw, exponentialDecay, inverseTimeDecay, rmsprop, sgd } from '@grad-ts/optim'
import type { GradientTransformation, Hyperparameter } from '@grad-ts/optim'

/** A call as Python writes it: a name, values in order, values by name. */
interface Call {
  readonly name: string
  readonly values: readonly (number | boolean | string | Call)[]
  readonly named: Readonly<Record<string, number | boolean | string>>
}

const literal = (text: string): number | boolean | string => {
  if (text === 'True' || text === 'False') return text === 'True'
  const number = Number(text)
  return text === '' || Number.isNaN(number) ? text : number
}

/** The calls that stand in a sentence, such as `Adam(0.001)`. */
export const callsIn = (note: string): Call[] =>
  [...note.matchAll(/([A-Z]\w*)\(([^()]*)\)/g)].map(([, name = '', inside = '']) => {
    const parts = inside.split(',').map((part) => part.trim())
    const named = parts.flatMap((part) => {
      const [key, value] = part.split('=')
      return value === undefined ? [] : [[key as string, literal(value)] as const]
    })
    return { name, values: parts.filter((part) => part !== '' && !part.includes('=')).map(literal), named: Object.fromEntries(named) }
  })

const numberAt = ({ values, named }: Call, position: number, key: string): number | undefined => {
  const found = named[key] ?? values[position]
  return typeof found === 'number' ? found : undefined
}

/** Leaves out what the note does not give, so that the dialect's default holds. */
const given = <T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Key in keyof T]: Exclude<T[Key], undefined> }

const schedules: Readonly<Record<string, (call: Call) => Hyperparameter>> = {
  ExponentialDecay: (call) =>
    exponentialDecay({
      initValue: numberAt(call, 0, 'initial_learning_rate') as number,
      transitionSteps: numberAt(call, 1, 'decay_steps') as number,
      decayRate: numberAt(call, 2, 'decay_rate') as number,
      staircase: call.named['staircase'] === true,
    }),
  InverseTimeDecay: (call) =>
    inverseTimeDecay({
      initValue: numberAt(call, 0, 'initial_learning_rate') as number,
      transitionSteps: numberAt(call, 1, 'decay_steps') as number,
      decayRate: numberAt(call, 2, 'decay_rate') as number,
      staircase: call.named['staircase'] === true,
    }),
}

type Maker = (learningRate: Hyperparameter, call: Call) => GradientTransformation

const dialect = 'keras'

const optimizers: Readonly<Record<string, Maker>> = {
  SGD: (learningRate, call) => {
    const momentum = numberAt(call, 1, 'momentum')
    return sgd({ learningRate, dialect, ...given({ momentum, nesterov: call.named['nesterov'] === true }) })
  },
  RMSprop: (learningRate, call) =>
    rmsprop({ learningRate, dialect, ...given({ decay: numberAt(call, 1, 'rho'), momentum: numberAt(call, 2, 'momentum') }) }),
  Adam: (learningRate, call) =>
    adam({ learningRate, dialect, ...given({ b1: numberAt(call, 1, 'beta_1'), b2: numberAt(call, 2, 'beta_2') }) }),
  AdamW: (learningRate, call) => adamw({ learningRate, dialect, ...given({ weightDecay: numberAt(call, 1, 'weight_decay') }) }),
}

const defaultRates: Readonly<Record<string, number>> = { SGD: 0.01 }

/** The solver that a note describes, and the largest learning rate it uses. */
export interface NotedSolver {
  readonly solver: GradientTransformation
  readonly rate: number
}

/**
 * Reads the optimizer out of a note such as `Adam with ExponentialDecay(0.1, decay_steps=100, …)` or `SGD(0.01, momentum=0.9)`.
 *
 * @returns `undefined` when it names none that is known
 */
export const solverIn = (note: string): NotedSolver | undefined => {
  const calls = callsIn(note)
  const name = Object.keys(optimizers)
    .sort((a, b) => b.length - a.length)
    .find((known) => new RegExp(String.raw`\b${known}\b`).test(note))
  if (name === undefined) return undefined
  const call = calls.find((each) => each.name === name) ?? { name, values: [], named: {} }
  const scheduled = calls.find((each) => schedules[each.name] !== undefined)
  const rate =
    scheduled === undefined ? (numberAt(call, 0, 'learning_rate') ?? defaultRates[name] ?? 0.001) : (scheduled.values[0] as number)
  const learningRate = scheduled === undefined ? rate : (schedules[scheduled.name] as (call: Call) => Hyperparameter)(scheduled)
  return { solver: (optimizers[name] as Maker)(learningRate, call), rate }
}

/** The activation of each dense layer in turn; `x2` repeats a layer. */
export const activationsIn = (note: string): string[] =>
  [...note.matchAll(/Dense\(\d+(?:,\s*(\w+))?\)(?:\s*x(\d+))?/g)].flatMap(([, activation = 'linear', times = '1']) =>
    Array.from({ length: Number(times) }, () => activation),
  )
