import { valueAndGradWithAux } from '@grad-ts/autodiff'
import { fromOnnx, fromOnnxOrThrow, toOnnxOrThrow } from '@grad-ts/onnx'
import type { NamedConstants, NamedTensors, OnnxModel } from '@grad-ts/onnx'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { interpret, mul, sub, toNumber } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import * as E from 'fp-ts/lib/Either.js'
import { dirname, join } from 'node:path'
import { messageOf } from '../result.ts'
import { compareArray, compareGradient, compareNumber } from './compare.ts'
import { constantOf } from './fixture.ts'
import type { Agreement, BrokenFixture, OnnxFixture } from './fixture.ts'
import { losses } from './loss.ts'
import { runFile } from './session.ts'

/** What came of one check of a fixture. */
export interface OnnxResult {
  readonly name: string
  readonly status: 'passed' | 'failed'
  readonly reason?: string
}

type Step = {
  readonly loss: Tensor
  readonly outputs: NamedTensors
  readonly gradients: NamedTensors
  readonly next: NamedTensors
}

type StepFunction = (params: NamedTensors, inputs: NamedTensors, target: Tensor) => Step

/** One step of plain gradient descent, with everything that the fixtures compare. */
const stepOf =
  (fixture: OnnxFixture, model: OnnxModel): StepFunction =>
  (params, inputs, target) => {
    const loss = (weights: NamedTensors): readonly [Tensor, NamedTensors] => {
      const outputs = model.apply(weights, inputs)
      return [losses[fixture.loss.kind](outputs[fixture.loss.output] as Tensor, target), outputs]
    }
    const [[value, outputs], gradients] = valueAndGradWithAux(loss)(params)
    const next = map(
      (weight: Tensor, gradient: Tensor) => sub(weight, mul(gradient, fixture.sgd.learningRate)),
      params,
      gradients,
    ) as NamedTensors
    return { loss: value, outputs, gradients, next }
  }

type Run = (params: NamedConstants) => Promise<Step>

const runners: Readonly<
  Record<'interpreter' | 'onnxruntime', (step: StepFunction, fixture: OnnxFixture, model: OnnxModel, float: FloatDType) => Promise<Run>>
> = {
  interpreter: (step, fixture, _, float) => {
    const run = interpret(step)
    return Promise.resolve((params) => Promise.resolve(run(params, ...dataOf(fixture, float))))
  },
  onnxruntime: async (step, fixture, model, float) => {
    const [inputs, target] = dataOf(fixture, float)
    const program = await compileOrThrow(step, [model.params as NamedTensors, inputs, target], { device: 'cpu' })
    return (params) => program.runOrThrow(params, inputs, target)
  },
}

const dataOf = (fixture: OnnxFixture, float: FloatDType): [NamedConstants, Constant] => [
  Object.fromEntries(fixture.inputs.map((input) => [input.name, constantOf(input, float)])),
  constantOf(fixture.loss.target, float),
]

const result = (name: string, problems: readonly (string | undefined)[]): OnnxResult => {
  const reason = problems.find((problem) => problem !== undefined)
  return reason === undefined ? { name, status: 'passed' } : { name, status: 'failed', reason }
}

const guarded = async (name: string, check: () => Promise<OnnxResult[]>): Promise<OnnxResult[]> => {
  try {
    return await check()
  } catch (error) {
    return [{ name, status: 'failed', reason: messageOf(error) }]
  }
}

const compareGradients = (fixture: OnnxFixture, gradients: NamedTensors, tolerance: number): (string | undefined)[] => {
  const scale = Math.max(...fixture.parameters.map(({ gradient }) => gradient.l2))
  return fixture.parameters.map(({ name, gradient }) => compareGradient(name, gradients[name] as Constant, gradient, scale, tolerance))
}

const compareOutputs = (wanted: OnnxFixture['outputs'], got: NamedTensors, tolerance: number): (string | undefined)[] =>
  wanted.map((output) => compareArray(`output '${output.name}'`, got[output.name] as Constant | undefined, output, tolerance))

const readFixture = (fixture: OnnxFixture, path: string, dtype: FloatDType): Promise<OnnxModel> =>
  fromOnnxOrThrow(join(dirname(path), fixture.file), { dtype, trainable: fixture.parameters.map(({ name }) => name) })

/** What the numbers may differ by: the bound, or three times what the makers of the fixture measured where that is more. */
const boundsOf = (fixture: OnnxFixture, float: FloatDType): Agreement => {
  const bound = float === 'float64' ? 1e-7 : 1e-5
  const measured = float === 'float64' ? fixture.agreement?.float64 : fixture.agreement?.torchFloat32
  const of = (part: keyof Agreement): number => Math.max(bound, 3 * (measured?.[part] ?? 0))
  return { loss: of('loss'), outputs: of('outputs'), gradients: of('gradients'), sgdLoss: of('sgdLoss'), sgdOutputs: of('sgdOutputs') }
}

interface Trained {
  readonly results: OnnxResult[]
  readonly model: OnnxModel
  readonly params: NamedConstants
}

/** Forward, loss, gradients and five steps of gradient descent with one executor. */
const train = async (fixture: OnnxFixture, path: string, executor: keyof typeof runners, float: FloatDType): Promise<Trained> => {
  const bounds = boundsOf(fixture, float)
  const model = await readFixture(fixture, path, float)
  const run = await runners[executor](stepOf(fixture, model), fixture, model, float)
  const named = (part: string): string => `${fixture.name}/${part} (${executor})`
  const first = await run(model.params)
  let step = first
  let params = model.params
  const problems: (string | undefined)[] = []
  for (const [k, wanted] of fixture.sgd.losses.entries()) {
    params = step.next as NamedConstants
    step = await run(params)
    problems.push(compareNumber(`loss after ${k + 1} steps`, toNumber(step.loss), wanted, bounds.sgdLoss))
  }
  const results = [
    result(named('forward'), compareOutputs(fixture.outputs, first.outputs, bounds.outputs)),
    result(named('loss'), [compareNumber('loss', toNumber(first.loss), fixture.loss.value, bounds.loss)]),
    result(named('gradients'), compareGradients(fixture, first.gradients, bounds.gradients)),
    result(named('descent'), [...problems, ...compareOutputs(fixture.sgd.outputs, step.outputs, bounds.sgdOutputs)]),
  ]
  return { results, model, params }
}

/** The file written back must give the outputs after the last step in a plain session. */
const written = async (fixture: OnnxFixture, { model, params }: Trained): Promise<OnnxResult> => {
  const outputs = await runFile(toOnnxOrThrow(model, params), fixture)
  return result(`${fixture.name}/written back`, compareOutputs(fixture.sgd.outputs, outputs, boundsOf(fixture, 'float32').sgdOutputs))
}

/** Replays a model: in the float64 interpreter, through ONNX Runtime in float32, and the file with the trained weights. */
export const replayOnnx = async (fixture: OnnxFixture, path: string): Promise<OnnxResult[]> => [
  ...(await guarded(`${fixture.name} (interpreter)`, async () => (await train(fixture, path, 'interpreter', 'float64')).results)),
  ...(await guarded(`${fixture.name} (onnxruntime)`, async () => {
    const trained = await train(fixture, path, 'onnxruntime', 'float32')
    return [...trained.results, await written(fixture, trained)]
  })),
]

/** A broken file must give a typed error that names what is wrong. */
export const replayBroken = async (fixture: BrokenFixture, path: string): Promise<OnnxResult[]> => {
  const read = await fromOnnx(join(dirname(path), fixture.file))()
  if (E.isRight(read)) return [{ name: fixture.name, status: 'failed', reason: 'was read without an error' }]
  const { message } = read.left
  const isNamed = fixture.mentions.length === 0 || fixture.mentions.some((name) => message.includes(name))
  return [
    isNamed
      ? { name: fixture.name, status: 'passed' }
      : { name: fixture.name, status: 'failed', reason: `the error names none of ${fixture.mentions.join(', ')}: ${message}` },
  ]
}
