import { grad, vjp } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { add, cast, evaluate, interpret, isFloat, mul, scalar, sum, topologicalOrder } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import { mismatch } from '../losses/compare.ts'
import { messageOf } from '../result.ts'
import { arrayOf, inputsOf } from './fixture.ts'
import type { GradientCase } from './fixture.ts'
import { Interpreter } from './python/run.ts'
import { Box, NamedTuple } from './python/values.ts'
import type { Value } from './python/values.ts'
import { torchLibrary } from './torch/library.ts'

export interface GradientResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'unknown'
  readonly reason?: string
}

type Arrays = Readonly<Record<string, Tensor>>

/** What a case computes: outputs, gradients, and the second derivatives along its vector. */
type Results<T = Tensor> = {
  readonly out: readonly T[]
  readonly grads: Readonly<Record<string, T>>
  readonly hvp: Readonly<Record<string, T>>
}

const tensorsIn = (value: Value): Tensor[] => {
  if (value instanceof Box) return [value.value]
  if (Array.isArray(value)) return value.flatMap(tensorsIn)
  return value instanceof NamedTuple ? value.parts.flatMap(([, part]) => tensorsIn(part)) : []
}

/** Evaluates tensors of a traced graph with the values that its placeholders stand for; they are named `0.x`, `1.y`. */
const elementsFrom =
  (values: Arrays) =>
  (x: Tensor): Constant => {
    const placeholders = topologicalOrder([x]).filter((node) => node.op === 'input') as Tensor<'input'>[]
    return evaluate(x, new Map(placeholders.map((node) => [node, evaluate(values[node.attributes.name.slice(2)] as Tensor)])))
  }

/** Runs the code of a case and gives what it assigned to `out`. */
const outputsOf = (fixture: GradientCase, inputs: Arrays, dtype: FloatDType): Tensor[] => {
  const variables = new Map<string, Value>(Object.entries(inputs).map(([name, value]) => [name, new Box(value)]))
  const out = new Interpreter(torchLibrary({ float: dtype, known: elementsFrom(inputsOf(fixture, dtype)) }))
    .run(fixture.code, variables)
    .get('out')
  return tensorsIn(out ?? null)
}

const weighted = (values: readonly Tensor[], weights: readonly Tensor[]): Tensor =>
  values
    .map((value, i) => sum(mul(cast(value, (weights[i] as Tensor).dtype), weights[i] as Tensor)))
    .reduce((total, term) => add(total, term), scalar(0, weights[0]?.dtype ?? 'float64'))

const pick = (arrays: Arrays, names: readonly string[]): Arrays => Object.fromEntries(names.map((name) => [name, arrays[name] as Tensor]))

/** Integers and truth values are known while tracing, floats are arguments. */
const computation =
  (fixture: GradientCase, known: Arrays, dtype: FloatDType) =>
  (wanted: Arrays, others: Arrays): Results => {
    const cotangents = fixture.cotangent.map((values, i) => arrayOf(values, fixture.out_shapes[i] as readonly number[], dtype))
    const outputs = (by: Arrays): Tensor[] =>
      outputsOf(fixture, { ...known, ...others, ...by }, dtype).map((value) => (isFloat(value.dtype) ? value : cast(value, dtype)))
    const loss = (by: Arrays): Tensor => weighted(outputs(by), cotangents)
    const [out, pullBack] = vjp(outputs, wanted)
    const along = (by: Arrays): Tensor => {
      const vector = fixture.vector ?? {}
      const gradients = grad(loss)(by)
      const names = Object.keys(vector)
      return weighted(
        names.map((name) => gradients[name] as Tensor),
        names.map((name) => arrayOf(vector[name] ?? 0, fixture.shapes[name] ?? [], dtype)),
      )
    }
    return { out, grads: pullBack(cotangents), hvp: fixture.hvp === undefined ? {} : grad(along)(wanted) }
  }

const prepared = (fixture: GradientCase, dtype: FloatDType) => {
  const inputs = inputsOf(fixture, dtype)
  const floats = Object.keys(inputs).filter((name) => isFloat((inputs[name] as Tensor).dtype))
  const known = pick(
    inputs,
    Object.keys(inputs).filter((name) => !floats.includes(name)),
  )
  const args = [
    pick(inputs, fixture.wrt),
    pick(
      inputs,
      floats.filter((name) => !fixture.wrt.includes(name)),
    ),
  ] as const
  return { run: computation(fixture, known, dtype), args }
}

const onRuntime = async (fixture: GradientCase): Promise<Results<Constant>> => {
  const { run, args } = prepared(fixture, 'float32')
  const program = await compileOrThrow(run, args)
  try {
    return (await program.runOrThrow(...args)) as Results<Constant>
  } finally {
    await program.dispose()
  }
}

const compared = (fixture: GradientCase, { out, grads, hvp }: Results<Constant>, tolerance: number): string | undefined => {
  const bound = (values: readonly unknown[]): ((wanted: number) => number) => {
    const largest = Math.max(
      1,
      ...values
        .flat(Infinity as 1)
        .map(Number)
        .filter(Number.isFinite)
        .map(Math.abs),
    )
    return (wanted) => tolerance * Math.max(1, Math.abs(wanted), tolerance > 1e-6 ? largest : 0)
  }
  if (out.length !== fixture.out.length) return `expected ${fixture.out.length} outputs, got ${out.length}`
  const outputs = fixture.out.map((wanted, i) => mismatch(`output ${i}`, out[i] as Constant, wanted, bound([wanted])))
  const gradients = fixture.wrt.map((name) =>
    mismatch(`gradient of ${name}`, grads[name] as Constant, fixture.grads[name], bound([fixture.grads[name]])),
  )
  const second = Object.entries(fixture.hvp ?? {}).map(([name, wanted]) =>
    mismatch(`second derivative of ${name}`, hvp[name] as Constant, wanted, bound([wanted])),
  )
  return [...outputs, ...gradients, ...second].find((reason) => reason !== undefined)
}

const replayCase = async (fixture: GradientCase): Promise<GradientResult> => {
  const { name } = fixture
  try {
    const { run, args } = prepared(fixture, 'float64')
    const interpreted = interpret(run)(...args) as Results<Constant>
    const exact = compared(fixture, interpreted, 1e-8)
    if (exact !== undefined) return { name, status: 'failed', reason: `float64: ${exact}` }
    const single = compared(fixture, await onRuntime(fixture), 2e-5)
    return single === undefined ? { name, status: 'passed' } : { name, status: 'failed', reason: `float32 on ONNX Runtime: ${single}` }
  } catch (error) {
    const unknown = error instanceof ReferenceError || error instanceof SyntaxError
    return { name, status: unknown ? 'unknown' : 'failed', reason: messageOf(error) }
  }
}

/** Computes the code of every case of a `torch-grad/1` fixture with its gradients, in both interpreters, and compares them with PyTorch's numbers. */
export async function* replayGradients(file: { readonly cases: readonly unknown[] }): AsyncIterable<GradientResult> {
  for (const fixture of file.cases as readonly GradientCase[]) yield await replayCase(fixture)
}
