import { vjp } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { interpret, tensor, zerosLike } from '@grad-ts/tensor'
import type { Constant, DType, FloatDType, NestedArray, Tensor } from '@grad-ts/tensor'
import { messageOf } from '../result.ts'
import type { CaseResult } from '../result.ts'
import { mismatch, numbersOf } from './compare.ts'
import { camelCase } from '../spelling.ts'
import { isOptionArray, lossOf, optionsOf } from './names.ts'
import type { Loss, Option } from './names.ts'

type Arrays = Readonly<Record<string, Tensor>>

interface LossCase {
  readonly name: string
  readonly fn: string
  readonly args: Readonly<Record<string, NestedArray>>
  readonly kwargs: Readonly<Record<string, Option>>
  readonly int_args?: readonly string[]
  readonly f64: unknown
  readonly f32?: unknown
  readonly cotangent?: NestedArray
  readonly wrt?: string
  readonly grad?: unknown
}

type Results = { readonly out: Constant; readonly grad: Constant }

const isBoolean = (values: NestedArray): boolean =>
  Array.isArray(values) ? isBoolean((values as readonly NestedArray[])[0] ?? 0) : typeof values === 'boolean'

const dtypeOf = (fixture: LossCase, name: string, float: FloatDType): DType => {
  if (isBoolean(fixture.args[name] as NestedArray)) return 'bool'
  return fixture.int_args?.includes(name) === true ? 'int32' : float
}

const callWith = (loss: Loss, fixture: LossCase, arrays: Arrays): Tensor => {
  const names = Object.keys(fixture.args)
  const positional = names.filter((name) => !isOptionArray(name)).map((name) => arrays[name] as Tensor)
  const options = names.filter(isOptionArray).map((name) => [camelCase(name), arrays[name] as Tensor])
  return loss(positional, { ...optionsOf(fixture.kwargs, positional[0] as Tensor), ...Object.fromEntries(options) })
}

/** The value of a loss and its gradient by one of its arrays, as a function of all of them and the cotangent. */
const valueAndGradient =
  (loss: Loss, fixture: LossCase) =>
  (arrays: Arrays, cotangent: Tensor): { out: Tensor; grad: Tensor } => {
    const { wrt } = fixture
    if (wrt === undefined) return { out: callWith(loss, fixture, arrays), grad: zerosLike(cotangent) }
    const [out, pullBack] = vjp((by: Tensor) => callWith(loss, fixture, { ...arrays, [wrt]: by }), arrays[wrt] as Tensor)
    return { out, grad: pullBack(cotangent) }
  }

const argumentsOf = (fixture: LossCase, dtype: FloatDType): [Arrays, Tensor] => [
  Object.fromEntries(
    Object.keys(fixture.args).map((name) => [name, tensor(fixture.args[name] as NestedArray, { dtype: dtypeOf(fixture, name, dtype) })]),
  ),
  tensor(fixture.cotangent ?? 0, { dtype }),
]

const onRuntime = async (loss: Loss, fixture: LossCase): Promise<Results> => {
  const args = argumentsOf(fixture, 'float32')
  const program = await compileOrThrow(valueAndGradient(loss, fixture), args)
  try {
    return (await program.runOrThrow(...args)) as Results
  } finally {
    await program.dispose()
  }
}

// The fixtures have 12 digits of values and 2e-11 of gradients.
const double = (wanted: number): number => 1e-9 * Math.max(1, Math.abs(wanted))

/** A few times the rounding of the float32 original, but not less than a few units of ours. */
const single = (fixture: LossCase): ((wanted: number, i: number) => number) => {
  const [wide, narrow] = [numbersOf(fixture.f64), numbersOf(fixture.f32 ?? fixture.f64)]
  const rounding = Math.max(...wide.map((value, i) => (Number.isFinite(value) ? Math.abs(value - (narrow[i] as number)) : 0)))
  return (wanted) => 4 * rounding + 2e-5 * Math.max(1, Math.abs(wanted))
}

const compared = (
  precision: string,
  { out, grad }: Results,
  fixture: LossCase,
  bound: (wanted: number, i: number) => number,
): string | undefined => {
  const reason =
    mismatch('value', out, fixture.f64, bound) ?? (fixture.grad === undefined ? undefined : mismatch('gradient', grad, fixture.grad, bound))
  return reason === undefined ? undefined : `${precision}: ${reason}`
}

const replayCase = async (fixture: LossCase): Promise<CaseResult> => {
  const loss = lossOf(fixture.fn)
  if (loss === undefined) return { name: fixture.name, status: 'unknown', reason: `no loss named ${fixture.fn}` }
  try {
    const interpreted = interpret(valueAndGradient(loss, fixture))(...argumentsOf(fixture, 'float64')) as Results
    const reason =
      compared('float64', interpreted, fixture, double) ??
      compared('float32 on ONNX Runtime', await onRuntime(loss, fixture), fixture, single(fixture))
    return reason === undefined ? { name: fixture.name, status: 'passed' } : { name: fixture.name, status: 'failed', reason }
  } catch (error) {
    return { name: fixture.name, status: 'failed', reason: messageOf(error) }
  }
}

/** Computes every loss of an `optax-loss/1` fixture, and its gradient, in both interpreters and compares them with the numbers there. */
export async function* replayLosses(file: { readonly cases: readonly unknown[] }): AsyncIterable<CaseResult> {
  for (const fixture of file.cases as readonly LossCase[]) yield await replayCase(fixture)
}
