import { writeModule } from './binary.ts'
import type { Bytes, WasmFunction } from './binary.ts'
import type { Chain, Step } from './chain.ts'
import {
  addIntegers,
  block,
  branchIf,
  condition,
  get,
  integer,
  isZero,
  lanes,
  lessUnsigned,
  load,
  loop,
  set,
  splat,
  store,
} from './instructions.ts'
import { flush, laneOps } from './ops.ts'
import { instantiate } from './webassembly.ts'
import type { Memory } from './webassembly.ts'

/** Which local holds what: parameters first, then the offset into the tensors, then one vector for each step. */
interface Locals {
  readonly bytes: number
  readonly tensor: (index: number) => number
  readonly result: (index: number) => number
  readonly scalar: (index: number) => number
  readonly offset: number
  readonly step: (index: number) => number
}

const localsOf = ({ tensors, scalars, results }: Chain): Locals => {
  const afterTensors = 1 + tensors
  const afterResults = afterTensors + results.length
  const offset = afterResults + scalars
  return {
    bytes: 0,
    tensor: (index) => 1 + index,
    result: (index) => afterTensors + index,
    scalar: (index) => afterResults + index,
    offset,
    step: (index) => offset + 1 + index,
  }
}

const address = (pointer: number, offset: number): Bytes => [...get(pointer), ...get(offset), ...addIntegers]

const stepCode = (step: Step, locals: Locals): Bytes => {
  switch (step.op) {
    case 'tensor':
      return [...address(locals.tensor(step.index), locals.offset), ...load]
    case 'scalar':
      return [...get(locals.scalar(step.index)), ...splat]
    case 'constant':
      return step.type === 'bool' ? condition(step.value !== 0) : lanes(step.value)
    default: {
      const [a, b, c] = step.operands.map((operand) => get(locals.step(operand)))
      return laneOps[step.op]([a ?? [], b ?? [], c ?? []], step.type)
    }
  }
}

/** Which steps are the same for every element: they are computed once, before the loop. */
const uniformSteps = (steps: readonly Step[]): readonly boolean[] =>
  steps.reduce<boolean[]>((known, step) => {
    known.push('operands' in step ? step.operands.every((operand) => known[operand]) : step.op !== 'tensor')
    return known
  }, [])

/**
 * Writes a chain as a function `(bytes, …tensors, …results, …scalars)`: lengths and addresses in bytes, then numbers. It goes through
 * the tensors four lanes at a time and loads before it stores, so that a result may replace a tensor. There is no tail:
 * tensors are padded to whole vectors.
 */
export const chainFunction = (chain: Chain): WasmFunction => {
  const locals = localsOf(chain)
  const uniform = uniformSteps(chain.steps)
  const code = (wanted: boolean): Bytes =>
    chain.steps.flatMap((step, i) => (uniform[i] === wanted ? [...stepCode(step, locals), ...set(locals.step(i))] : []))
  const stores = chain.results.flatMap((result, i) => [
    ...address(locals.result(i), locals.offset),
    ...flush(get(locals.step(result))),
    ...store,
  ])
  const advance = [...get(locals.offset), ...integer(16), ...addIntegers, ...set(locals.offset)]
  const again = [...get(locals.offset), ...get(locals.bytes), ...lessUnsigned, ...branchIf(0)]
  const nothing = [...get(locals.bytes), ...isZero, ...branchIf(0)]
  return {
    parameters: ['i32', ...Array<'i32'>(chain.tensors + chain.results.length).fill('i32'), ...Array<'f32'>(chain.scalars).fill('f32')],
    locals: ['i32', ...chain.steps.map(() => 'v128' as const)],
    body: block([...nothing, ...code(true), ...loop([...code(false), ...stores, ...advance, ...again])]),
  }
}

/** A compiled chain; see `chainFunction` for its arguments. */
export type Kernel = (...lengthAddressesAndScalars: number[]) => void

/** Compiles chains into one module over a memory. */
export const compileChains = (chains: readonly Chain[], memory: Memory): Kernel[] => {
  const exports = instantiate(writeModule(chains.map(chainFunction)), memory)
  return chains.map((_, i) => exports[String(i)] as Kernel)
}
