import {
  accuracy,
  binaryAccuracy,
  meanSquaredError,
  elu,
  gelu,
  relu,
  selu,
  sigmoid,
  sigmoidBinaryCrossEntropy,
  silu,
  softmaxCrossEntropy,
  softplus,
  statelessLayer,
  tanh,
} from '@grad-ts/nn'
import { add, matmul, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, fromColumns } from '@grad-ts/trainer'
import type { KerasFixture } from './fixture.ts'
import { activationsIn, solverIn } from './note.ts'

/** What came of one comparison. */
export interface KerasResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'unknown'
  readonly reason?: string
}

type DenseWeights = { readonly kernel: Tensor; readonly bias: Tensor }
type Weights = readonly DenseWeights[]

const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  linear: (x) => x,
  relu: (x) => relu(x),
  elu: (x) => elu(x),
  gelu: (x) => gelu(x),
  selu: (x) => selu(x),
  silu: (x) => silu(x),
  softplus: (x) => softplus(x),
  sigmoid: (x) => sigmoid(x),
  tanh: (x) => tanh(x),
}

/** How the last layer is compared with the targets: Keras takes cross entropies from what goes into the last activation. */
const heads = {
  sigmoid: { loss: sigmoidBinaryCrossEntropy, metric: binaryAccuracy({ threshold: 0 }) },
  softmax: { loss: softmaxCrossEntropy, metric: accuracy() },
  linear: { loss: meanSquaredError, metric: undefined },
}

const weightsOf = (values: KerasFixture['initialWeights']): Weights =>
  Array.from({ length: values.length / 2 }, (_, i) => ({ kernel: tensor(values[2 * i] ?? []), bias: tensor(values[2 * i + 1] ?? []) }))

/** Dense layers with the noted activations; the last one gives what goes into its activation. */
const modelOf = (hidden: readonly ((x: Tensor) => Tensor)[]) =>
  statelessLayer<Weights>({
    name: 'dense layers',
    init: () => [],
    apply: (params, x) =>
      params.reduce((h, { kernel, bias }, i) => {
        const sum = add(matmul(h, kernel), bias)
        return hidden[i]?.(sum) ?? sum
      }, x),
  })

const numbers = (weights: Weights): number[] =>
  weights.flatMap(({ kernel, bias }) => [kernel, bias].flatMap((leaf) => [...(leaf as Constant).attributes.data]))

const largest = (values: readonly number[]): number => Math.max(0, ...values)

const judge = (name: string, gap: number, bound: number): KerasResult =>
  gap <= bound
    ? { name, status: 'passed' }
    : { name, status: 'failed', reason: `differs by ${gap.toExponential(1)}, allowed are ${bound.toExponential(0)}` }

// A large learning rate doubles the last bit of a weight every few steps: only the first epochs can be compared closely.
const isCalm = (rate: number): boolean => rate <= 0.01

/** Runs the recorded training again, from the recorded weights and in the recorded order, and compares. */
export const replayKeras = async (fixture: KerasFixture, name: string): Promise<KerasResult[]> => {
  const noted = solverIn(fixture.note)
  const layers = activationsIn(fixture.note)
  const head = heads[(layers.at(-1) ?? '') as keyof typeof heads]
  const hidden = layers.slice(0, -1).map((activation) => activations[activation])
  const params = weightsOf(fixture.initialWeights)
  const unknown = (reason: string): KerasResult[] => [{ name, status: 'unknown', reason }]
  if (noted === undefined) return unknown('its note names no optimizer that is known here')
  if (head === undefined || hidden.includes(undefined) || layers.length !== params.length)
    return unknown(`its note gives the layers ${layers.join(', ')}, its weights ${params.length} dense layers`)

  const model = modelOf(hidden as ((x: Tensor) => Tensor)[])
  const data = fromColumns({ x: tensor(fixture.x), y: tensor(fixture.y) })
  const task = { model, loss: head.loss, metrics: head.metric === undefined ? {} : { accuracy: head.metric }, data, device: 'cpu' } as const
  const { epochs, batchSize } = fixture
  const run = await fitOrThrow({ ...task, params, solver: noted.solver, epochs, batchSize, shuffle: fixture.shuffle ?? false })
  const measured = await evaluateOrThrow({ ...task, params: run.params })

  const calm = isCalm(noted.rate)
  const compared = calm ? fixture.epochLoss : fixture.epochLoss.slice(0, 10)
  const lossGap = largest(compared.map((loss, i) => Math.abs((run.history.epochs[i]?.loss ?? NaN) / loss - 1)))
  const { finalWeights, evaluate } = fixture
  const weightGap = finalWeights === undefined ? undefined : largest(differences(numbers(run.params), numbers(weightsOf(finalWeights))))
  const reached = measured.metrics['accuracy']
  return [
    judge(`${name}/epochLoss`, lossGap, calm ? 1e-4 : 1e-3),
    ...(calm && weightGap !== undefined ? [judge(`${name}/finalWeights`, weightGap, 1e-3)] : []),
    ...(calm && evaluate?.loss !== undefined ? [judge(`${name}/evaluate.loss`, Math.abs(measured.loss / evaluate.loss - 1), 1e-4)] : []),
    ...(evaluate?.accuracy !== undefined && reached !== undefined
      ? [judge(`${name}/evaluate.accuracy`, Math.abs(reached - evaluate.accuracy), calm ? 1e-6 : 0.01)]
      : []),
  ]
}

const differences = (left: readonly number[], right: readonly number[]): number[] =>
  left.map((value, i) => Math.abs(value - (right[i] ?? NaN)))
