import { vjp } from '@grad-ts/autodiff'
import { precisionRoles, toModel } from '@grad-ts/onnx'
import type { PrecisionRole } from '@grad-ts/onnx'
import { isFloat, onesLike, opNames, topologicalOrder, trace } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { descriptions } from './descriptions.ts'
import { missingKernels } from './kernels.ts'
import { opsOfModel } from './model-ops.ts'

type Target = 'cpu' | 'cuda' | 'webgpu'

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

/** Examples that give float32, or take it, or whatever there is. */
const examplesOf = (op: OpName): readonly OpExample[] => {
  const all = opExamples[op].filter(({ operands, apply }) => [...operands, apply(...operands)].every(({ dtype }) => dtype !== 'float64'))
  const giving = all.filter(({ operands, apply }) => apply(...operands).dtype === 'float32')
  const taking = all.filter(({ operands }) => operands.some(({ dtype }) => dtype === 'float32'))
  return [giving, taking, all, opExamples[op]].find((examples) => examples.length > 0) as readonly OpExample[]
}

/** The graph ops that a gradient is made of: those that its graph has and the function's own graph has not. */
const gradientOps = (op: OpName): string => {
  if (op === 'input' || op === 'constant') return 'where it begins'
  const used = new Set<string>()
  for (const { operands, apply } of examplesOf(op)) {
    const floats = operands.filter(({ dtype }) => isFloat(dtype))
    if (floats.length === 0 || !isFloat(apply(...operands).dtype)) continue
    const at = (params: readonly Tensor[]): Tensor => {
      let next = 0
      return apply(...operands.map((operand) => (isFloat(operand.dtype) ? (params[next++] as Tensor) : operand)))
    }
    const [output, pullBack] = vjp(at, floats as readonly Tensor[])
    if (!topologicalOrder([output]).some((node) => node.op === op)) continue
    const forward = new Set(topologicalOrder([output]))
    for (const node of topologicalOrder(pullBack(onesLike(output)) as readonly Tensor[]))
      if (!forward.has(node) && node.op !== 'constant' && node.op !== 'broadcastTo') used.add(node.op)
  }
  const discrete = [...used].every((name) => ['identity', 'input'].includes(name))
  if (!discrete) return code([...used].sort())
  return ['identity', 'add', 'concat', 'where', 'cast', 'checkpoint', 'barrier', 'reshape'].includes(op) ? 'passed on' : 'none'
}

const loweredOps = (op: OpName, target: Target): string[] => {
  const found = new Set<string>()
  for (const { operands, apply } of examplesOf(op))
    for (const name of opsOfModel(toModel(trace(apply, operands), { target }))) if (name !== 'Identity') found.add(name)
  return [...found].sort()
}

const placement = (op: OpName): string => {
  const places = (['cuda', 'webgpu'] as const).map((target) => {
    const missing = loweredOps(op, target).filter((name) => (missingKernels[target] as ReadonlySet<string>).has(name))
    return missing.length === 0 ? target : `~~${target}~~ (${code(missing)} on the CPU)`
  })
  return ['cpu', ...places].join(' ')
}

const precisions: Readonly<Record<PrecisionRole, string>> = {
  product: 'float16',
  exact: 'as its operands',
  between: 'float16 between products',
  float32: 'float32',
  reads: 'operands as they are',
  first: 'as its operand',
  cast: 'what it says',
  body: 'each op of the body',
  source: 'as it is',
}

const row = (op: OpName): string => {
  const onnx = loweredOps(op, 'cpu')
  const other = loweredOps(op, 'webgpu')
  const shown = onnx.length === 0 ? 'nothing: a name' : code(onnx)
  const differs = other.join() === onnx.join() ? '' : `; webgpu: ${code(other)}`
  return `| \`${op}\` | ${descriptions[op]} | ${gradientOps(op)} | ${shown}${differs} | ${precisions[precisionRoles[op]]} | ${placement(op)} |`
}

/** The page that lists every op of the graph: made from the tables themselves. */
export const opsPage = (): string =>
  [
    '# The ops of the graph',
    '',
    'Every function of tensors is made of these. The table is generated from the op tables and a test keeps it true:',
    '`npx vitest run packages/testkit/test/docs -u` writes it anew.',
    '',
    '- **Gradient**: the ops that the gradient adds to the graph; as they have gradients too, orders compose.',
    '- **ONNX**: the nodes (operator set 18) that the op becomes for float32 (int32 or bool where it takes no floats) on the CPU, and on',
    '  WebGPU where they differ. In float64, ops without a kernel are written with those that have one.',
    '- **Mixed precision**: what the op computes in then; see [Mixed precision](mixed-precision.md).',
    '- **Stays on**: the providers of ONNX Runtime 1.29 that run all of these nodes, by its lists of kernels.',
    '',
    '| op | computes | gradient | ONNX | mixed precision | stays on |',
    '|---|---|---|---|---|---|',
    ...opNames.map(row),
    '',
  ].join('\n')
