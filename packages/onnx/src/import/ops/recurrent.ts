import {
  add,
  arange,
  cast,
  clamp,
  expandDims,
  less,
  matmul,
  mul,
  reshape,
  scan,
  slice,
  split,
  stack,
  sub,
  transpose,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import {
  fail,
  floatsAttribute,
  intAttribute,
  optionalAt,
  optionalFloat,
  optionalInt,
  stringAttribute,
  stringsAttribute,
  tensorAt,
} from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { activations } from './activation.ts'
import type { Activation } from './activation.ts'

/** What a step of one direction reads besides the sequence. */
interface Weights {
  /** `[gates · hidden, hidden]`. */
  readonly recurrent: Tensor
  /** Added to the recurrent product where it cannot join the projection of the input, `[gates · hidden]`. */
  readonly recurrentBias: Tensor | undefined
  /** LSTM's diagonal weights `[3 · hidden]`. */
  readonly peepholes: Tensor | undefined
  readonly hidden: number
  /** What a product sees of its left factor: all of it, or what quantisation leaves. */
  readonly seen: (x: Tensor) => Tensor
}

type Step = (fs: readonly Activation[], x: Tensor, state: readonly Tensor[], weights: Weights) => readonly Tensor[]

interface Cell {
  readonly gates: number
  readonly defaults: readonly string[]
  /** How many states a step hands on; the first is the output. */
  readonly states: number
  readonly step: (call: Call) => Step
}

const parts = (x: Tensor, count: number, hidden: number): Tensor[] =>
  split(x, Array.from<number>({ length: count }).fill(hidden), x.shape.length - 1)

const product = (state: Tensor, { recurrent: weights, recurrentBias, seen }: Weights): Tensor => {
  const result = matmul(seen(state), weights, { transposeB: true })
  return recurrentBias === undefined ? result : add(result, recurrentBias)
}

const bounded = (call: Call): Activation => {
  const bound = optionalFloat(call, 'clip')
  return bound === undefined ? (x) => x : (x) => clamp(x, -bound, bound)
}

const rnnStep =
  (call: Call): Step =>
  ([f], x, [h], weights) => [(f as Activation)(bounded(call)(add(x, product(h as Tensor, weights))))]

/** Gates in ONNX's order: input, output, forget, cell. */
const lstmStep =
  (call: Call): Step =>
  (fs, x, state, weights) => {
    const [f, g, activate] = fs as [Activation, Activation, Activation]
    const [h, c] = state as [Tensor, Tensor]
    const bound = bounded(call)
    const [i, o, forget, cell] = parts(add(x, product(h, weights)), 4, weights.hidden) as [Tensor, Tensor, Tensor, Tensor]
    const [pi, po, pf] = weights.peepholes === undefined ? [] : parts(weights.peepholes, 3, weights.hidden)
    const peek = (gate: Tensor, peephole: Tensor | undefined, at: Tensor): Tensor =>
      f(bound(peephole === undefined ? gate : add(gate, mul(peephole, at))))
    const input = peek(i, pi, c)
    const kept = intAttribute(call, 'input_forget', 0) === 1 ? sub(1, input) : peek(forget, pf, c)
    const next = add(mul(kept, c), mul(input, g(bound(cell))))
    return [mul(peek(o, po, next), activate(next)), next]
  }

/** Gates in ONNX's order: update, reset, hidden. */
const gruStep =
  (call: Call): Step =>
  (fs, x, [state], weights) => {
    const [f, g] = fs as [Activation, Activation]
    const h = state as Tensor
    const bound = bounded(call)
    const [xz, xr, xh] = parts(x, 3, weights.hidden) as [Tensor, Tensor, Tensor]
    if (optionalInt(call, 'linear_before_reset') === 1) {
      const [rz, rr, rh] = parts(product(h, weights), 3, weights.hidden) as [Tensor, Tensor, Tensor]
      const z = f(bound(add(xz, rz)))
      const candidate = g(bound(add(xh, mul(f(bound(add(xr, rr))), rh))))
      return [add(mul(sub(1, z), candidate), mul(z, h))]
    }
    const gates = slice(weights.recurrent, [{ end: 2 * weights.hidden }])
    const [rz, rr] = parts(matmul(h, gates, { transposeB: true }), 2, weights.hidden) as [Tensor, Tensor]
    const z = f(bound(add(xz, rz)))
    const reset = mul(f(bound(add(xr, rr))), h)
    const candidate = g(bound(add(xh, matmul(reset, slice(weights.recurrent, [{ start: 2 * weights.hidden }]), { transposeB: true }))))
    return [add(mul(sub(1, z), candidate), mul(z, h))]
  }

export const cells = {
  RNN: { gates: 1, defaults: ['Tanh'], states: 1, step: rnnStep },
  LSTM: { gates: 4, defaults: ['Sigmoid', 'Tanh', 'Tanh'], states: 2, step: lstmStep },
  GRU: { gates: 3, defaults: ['Sigmoid', 'Tanh'], states: 1, step: gruStep },
} satisfies Record<string, Cell>

/** Which activations take numbers, so that lists of numbers are dealt out in order. */
const withAlpha = new Set(['affine', 'hardsigmoid', 'leakyrelu', 'scaledtanh', 'elu', 'thresholdedrelu'])
const withBeta = new Set(['affine', 'hardsigmoid', 'scaledtanh'])

const activationsOf = (call: Call, cell: Cell, directions: number): Activation[][] => {
  const names = stringsAttribute(call, 'activations') ?? Array.from({ length: directions }, () => cell.defaults).flat()
  const alphas = [...(floatsAttribute(call, 'activation_alpha') ?? [])]
  const betas = [...(floatsAttribute(call, 'activation_beta') ?? [])]
  const all = names.map((name) => {
    const key = name.toLowerCase()
    const make = activations[key] ?? fail(call, `activation '${name}' is not known`)
    return make(withAlpha.has(key) ? alphas.shift() : undefined, withBeta.has(key) ? betas.shift() : undefined)
  })
  if (all.length !== cell.defaults.length * directions)
    return fail(call, `expected ${cell.defaults.length * directions} activations, got ${all.length}`)
  return Array.from({ length: directions }, (_, i) => all.slice(i * cell.defaults.length, (i + 1) * cell.defaults.length))
}

const pick = (x: Tensor, direction: number): Tensor => reshape(slice(x, [{ start: direction, end: direction + 1 }]), x.shape.slice(1))

/** 1 where a step lies inside its sequence, `[steps, batch, 1]`. */
const maskOf = (lengths: Tensor, steps: number, like: Tensor): Tensor =>
  cast(expandDims(less(reshape(arange(steps), [steps, 1]), reshape(cast(lengths, 'int32'), [1, -1])), -1), like.dtype)

interface Run {
  /** `[steps, batch, hidden]`. */
  readonly outputs: Tensor
  readonly last: readonly Tensor[]
}

/** Walks one direction. Steps beyond a sequence's length change nothing and give zeros. */
const walk = (
  step: Step,
  fs: readonly Activation[],
  projected: Tensor,
  init: readonly Tensor[],
  weights: Weights,
  mask: Tensor | undefined,
  reverse: boolean,
): Run => {
  const advance = (state: readonly Tensor[], slices: readonly Tensor[]): readonly [readonly Tensor[], Tensor] => {
    const [x, inside] = slices as [Tensor, Tensor | undefined]
    const next = step(fs, x, state, weights)
    if (inside === undefined) return [next, next[0] as Tensor]
    const kept = next.map((value, i) => add(mul(inside, value), mul(sub(1, inside), state[i] as Tensor)))
    return [kept, mul(inside, next[0] as Tensor)]
  }
  const [last, outputs] = scan(advance, init, mask === undefined ? [projected] : [projected, mask], { reverse })
  return { outputs, last }
}

const project = (x: Tensor, w: Tensor, bias: Tensor | undefined): Tensor => {
  const [steps, batch, width] = x.shape as [number, number, number]
  const product2d = matmul(reshape(x, [steps * batch, width]), w, { transposeB: true })
  return reshape(bias === undefined ? product2d : add(product2d, bias), [steps, batch, w.shape[0] as number])
}

export const recurrent =
  (cell: Cell, seen: (x: Tensor) => Tensor = (x) => x): Converter =>
  (call) => {
    const batchFirst = intAttribute(call, 'layout', 0) === 1
    const given = tensorAt(call, 0)
    const [w, r] = [tensorAt(call, 1), tensorAt(call, 2)]
    if (given.shape.length !== 3 || w.shape.length !== 3 || r.shape.length !== 3) return fail(call, 'expected X, W and R of rank 3')
    const x = batchFirst ? transpose(given, [1, 0, 2]) : given
    const [steps, batch] = x.shape as [number, number, number]
    const hidden = r.shape[2] as number
    const rows = cell.gates * hidden
    if (w.shape[1] !== rows || r.shape[1] !== rows || w.shape[2] !== x.shape[2])
      return fail(call, `expected W [directions, ${rows}, ${x.shape[2]}] and R [directions, ${rows}, ${hidden}]`)
    const direction = stringAttribute(call, 'direction', 'forward')
    const directions = direction === 'bidirectional' ? 2 : 1
    const [biases, lengths, peepholes] = [optionalAt(call, 3), optionalAt(call, 4), optionalAt(call, 7)]
    const mask = lengths === undefined ? undefined : maskOf(lengths, steps, x)
    const initial = [optionalAt(call, 5), optionalAt(call, 6)]
      .slice(0, cell.states)
      .map((state) => (state !== undefined && batchFirst ? transpose(state, [1, 0, 2]) : state))
    const separateBias = optionalInt(call, 'linear_before_reset') === 1
    const fs = activationsOf(call, cell, directions)
    const runs = fs.map((own, i) => {
      const bias = biases === undefined ? undefined : parts(pick(biases, i), 2, rows)
      const joined = bias === undefined ? undefined : separateBias ? bias[0] : add(bias[0] as Tensor, bias[1] as Tensor)
      const weights: Weights = {
        recurrent: pick(r, i),
        recurrentBias: separateBias ? bias?.[1] : undefined,
        peepholes: peepholes === undefined || cell.states === 1 ? undefined : pick(peepholes, i),
        hidden,
        seen,
      }
      const init = Array.from({ length: cell.states }, (_, k) => {
        const state = initial[k]
        return state === undefined ? zeros([batch, hidden], x.dtype) : pick(state, i)
      })
      return walk(cell.step(call), own, project(seen(x), pick(w, i), joined), init, weights, mask, direction === 'reverse' || i === 1)
    })
    return results(runs, cell, batchFirst)
  }

/** Y `[steps, directions, batch, hidden]` and the last states `[directions, batch, hidden]`; with `layout` 1 the batch leads. */
const results = (runs: readonly Run[], cell: Cell, batchFirst: boolean): Tensor[] => {
  const y = stack(
    runs.map(({ outputs }) => outputs),
    1,
  )
  const states = Array.from({ length: cell.states }, (_, k) => stack(runs.map(({ last }) => last[k] as Tensor)))
  return batchFirst ? [transpose(y, [2, 0, 1, 3]), ...states.map((state) => transpose(state, [1, 0, 2]))] : [y, ...states]
}

/** Recurrent layers, walked step by step with the weights as they lie in the file. */
export const recurrentOps: Readonly<Record<string, Converter>> = {
  GRU: recurrent(cells.GRU),
  LSTM: recurrent(cells.LSTM),
  RNN: recurrent(cells.RNN),
}
