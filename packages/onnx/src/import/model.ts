import { cast, input, isFloat, isTensor, sameShape, showOperand, sizeOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Reading, Value } from './call.ts'
import { constantFrom, dtypeOf } from './elements.ts'
import type { ReadExternal } from './elements.ts'
import { OnnxGradientError, OnnxGraphError, OnnxOptionError } from './errors.ts'
import type { Declaration, StoredNode } from './ir.ts'
import { withoutGradient } from './ops/table.ts'
import { ownOperator } from './own.ts'
import { functionKey, runNodes } from './run.ts'
import type { Frame } from './run.ts'
import { select } from './select.ts'
import type { NamedConstants, NamedTensors, OnnxModel, OnnxOptions, OnnxSource, OnnxPort } from './types.ts'
import { initialStatesOf, isMask, neededFor, reachedBack, statisticsOf, storedWeights, weightOf } from './weights.ts'

const record = <A>(entries: Iterable<readonly [string, A]>): Record<string, A> => Object.fromEntries(entries)

const noExternal: ReadExternal = (location) => {
  throw new OnnxGraphError(location, `a constant inside the graph lies in the external file '${location}'; only initializers may`)
}

/** What a reader may spend: generous for real files, bounded by the size of the file and of the weights beside it. */
const allowance = ({ bytes, weights }: OnnxSource): { elements: number; nodes: number } => {
  const beside = [...weights.values()].reduce((total, { attributes }) => total + attributes.data.byteLength, 0)
  return { elements: 2 ** 24 + 16 * Math.max(bytes.length, beside), nodes: 2 ** 18 }
}

const newReading = (source: OnnxSource, training: boolean, types: WeakMap<Tensor, number>, key: Tensor | undefined): Reading => ({
  float: source.options.dtype,
  training,
  left: allowance(source),
  origins: new WeakMap([...source.weights].map(([name, constant]) => [constant, [name]] as const)),
  types,
  structural: new Map(),
  statistics: new Map(),
  own: source.options.operators ?? {},
  key,
  drawn: { count: 0 },
  tensorOf: (stored) => {
    const constant = constantFrom(stored, source.options.dtype, noExternal)
    types.set(constant, stored.type)
    return constant
  },
})

const frameOf = (source: OnnxSource, reading: Reading): Frame => ({
  reading,
  opsets: source.stored.opsets,
  functions: new Map(source.stored.functions.map((called) => [functionKey(called.domain, called.name), called])),
  attributes: new Map(),
  isWeight: (name) => source.weights.has(name),
  depth: 0,
})

const declared = ({ stored }: OnnxSource): Declaration[] => {
  const initializers = new Set(stored.graph.initializers.map(({ name }) => name))
  return stored.graph.inputs.filter(({ name }) => !initializers.has(name))
}

const showDeclared = ({ name, shape }: Declaration): string =>
  `input '${name}' has shape [${(shape ?? []).map((length) => length ?? '?').join(', ')}]`

const portOf = (declaration: Declaration, { dims = {}, shapes = {}, dtype: float }: OnnxOptions): OnnxPort => {
  const { name, type } = declaration
  const dtype = dtypeOf(type, float)
  if (dtype === undefined) throw new OnnxGraphError(name, `input '${name}' is not a tensor of floats, integers or bools`)
  const asked = shapes[name]
  const shape = declaration.shape ?? asked
  if (shape === undefined)
    throw new OnnxOptionError('shapes', `input '${name}' has no shape in the file; give one: { shapes: { '${name}': [1, …] } }`)
  if (asked !== undefined && asked.length !== shape.length)
    throw new OnnxOptionError('shapes', `${showDeclared(declaration)}; shapes gives [${asked.join(', ')}]`)
  const lengths = shape.map((length, axis) => {
    const bound = asked?.[axis] ?? (typeof length === 'string' ? dims[length] : length)
    if (typeof length === 'number' && bound !== length)
      throw new OnnxOptionError('shapes', `${showDeclared(declaration)}; axis ${axis} is fixed and cannot be ${bound}`)
    if (bound === undefined || bound === null)
      throw new OnnxOptionError(
        'dims',
        `${showDeclared(declaration)}: bind ${length === null ? `axis ${axis} with { shapes: { '${name}': […] } }` : `'${length}' with { dims: { '${length}': 1 } }`}`,
      )
    if (!Number.isSafeInteger(bound) || bound < 0)
      throw new OnnxOptionError('dims', `${showDeclared(declaration)}: ${bound} is not a length`)
    return bound
  })
  return { name, shape: lengths, dtype }
}

const checkInput = (declaration: Declaration, port: OnnxPort, value: Tensor | undefined): Tensor => {
  if (value === undefined) throw new OnnxOptionError('inputs', `input '${port.name}' is missing; expected ${showOperand(port)}`)
  const fits =
    value.shape.length === port.shape.length &&
    (declaration.shape ?? []).every((length, axis) => typeof length !== 'number' || length === value.shape[axis])
  if (!fits || value.dtype !== port.dtype)
    throw new OnnxOptionError('inputs', `input '${port.name}': expected ${showOperand(port)}, got ${showOperand(value)}`)
  return value
}

const checkParam = (name: string, value: Tensor, known: Constant | undefined): Tensor => {
  if (known === undefined) throw new OnnxOptionError('params', `the model has no weight '${name}'`)
  if (!sameShape(value.shape, known.shape) || value.dtype !== known.dtype)
    throw new OnnxOptionError('params', `weight '${name}': expected ${showOperand(known)}, got ${showOperand(value)}`)
  return value
}

interface Run {
  readonly outputs: Record<string, Tensor>
  readonly reading: Reading
}

/** What stays the same for every run of a model. */
interface Plan {
  readonly source: OnnxSource
  readonly nodes: readonly StoredNode[]
  readonly names: ReadonlySet<string>
  readonly ports: readonly OnnxPort[]
  readonly declarations: readonly Declaration[]
  /** Element types in the file, by name. */
  readonly types: ReadonlyMap<string, number>
}

/** An output of the graph; quantised numbers, which are floats inside, become integers here. */
const tensorOutput = ({ stored }: OnnxSource, name: string, value: Value | undefined): Tensor => {
  if (value === undefined || !isTensor(value)) throw new OnnxGraphError(name, `output '${name}' is a sequence; only tensors can be outputs`)
  const type = stored.graph.outputs.find((output) => output.name === name)?.type ?? 0
  return isFloat(value.dtype) && dtypeOf(type, undefined) === 'int32' ? cast(value, 'int32') : value
}

const runPlan = (plan: Plan, weights: NamedTensors, inputs: NamedTensors, training: boolean, key?: Tensor): Run => {
  const { source, nodes, ports, declarations } = plan
  const values = new Map<string, Value>([...source.weights, ...Object.entries(source.options.values ?? {})])
  for (const [name, value] of Object.entries(weights)) values.set(name, checkParam(name, value, source.weights.get(name)))
  ports.forEach((port, i) => values.set(port.name, checkInput(declarations[i] as Declaration, port, inputs[port.name])))
  const types = new WeakMap([...values].flatMap(([name, value]) => (isTensor(value) ? [[value, plan.types.get(name) ?? 0] as const] : [])))
  const reading = newReading(source, training, types, key)
  const results = runNodes(nodes, source.results, { values, parent: undefined }, frameOf(source, reading))
  const outputs = record(source.results.map((name, i) => [name, tensorOutput(source, name, results[i])] as const))
  return { outputs, reading }
}

/** The outputs in their order; a record would put names that are numbers first. */
const outputNames = ({ results, grafts }: OnnxSource): string[] => [
  ...results.filter((name) => !grafts.some(({ at }) => at === name)),
  ...grafts.map(({ output }) => output),
]

/** Runs the layers of our own on the tensors they stand behind. */
const withGrafts = (source: OnnxSource, params: NamedTensors, outputs: Record<string, Tensor>): Record<string, Tensor> =>
  source.grafts.reduce((results, { name, at, output, apply }) => {
    const own = record(
      Object.entries(params).flatMap(([key, value]) => (key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value] as const] : [])),
    )
    const { [at]: x, ...rest } = results
    return { ...rest, [output]: apply(own, x as Tensor) }
  }, outputs)

const planOf = (source: OnnxSource): Plan => {
  const { graph } = source.stored
  const { nodes, names } = neededFor(graph.nodes, source.results)
  const fixed = source.options.values ?? {}
  const declarations = declared(source).filter(({ name }) => names.has(name) && !Object.hasOwn(fixed, name))
  const ports = declarations.map((declaration) => portOf(declaration, source.options))
  const types = new Map(
    [...storedWeights(graph), ...graph.inputs.map((declaration) => [declaration.name, declaration] as const)].map(([name, { type }]) => [
      name,
      type,
    ]),
  )
  return { source, nodes: nodes.filter((node) => weightOf(node) === undefined), names, ports, declarations, types }
}

const blocks = (node: StoredNode, { stored, options }: OnnxSource): boolean => {
  const { domain, op, attributes } = node
  if (
    domain !== '' ||
    ownOperator(options.operators ?? {}, node) !== undefined ||
    stored.functions.some((called) => called.domain === domain && called.name === op)
  )
    return false
  const to = attributes.get('to')
  return withoutGradient.has(op) || (op === 'Cast' && to?.tag === 'int' && !isFloat(dtypeOf(to.value, undefined) ?? 'int32'))
}

/** Finds the op between a weight and the outputs that lets no gradient through. */
const explainBlocked = (plan: Plan, weight: string, structural: ReadonlyMap<string, StoredNode>): never => {
  const reader = structural.get(weight)
  if (reader !== undefined)
    throw new OnnxGradientError(
      weight,
      reader.name,
      reader.op,
      `weight '${weight}' cannot be trained: node '${reader.name}' (${reader.op}) reads it as a part of a shape`,
    )
  const reached = new Set([weight])
  for (const node of plan.nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue
    if (blocks(node, plan.source))
      throw new OnnxGradientError(
        weight,
        node.name,
        node.op,
        `weight '${weight}' cannot be trained: node '${node.name}' (${node.op}), which has no gradient, lies between it and the outputs; freeze it, or cut the model before the node with cutAt`,
      )
    for (const name of node.outputs) reached.add(name)
  }
  throw new OnnxGradientError(weight, '', '', `weight '${weight}' cannot be trained: no output depends on it`)
}

/** Chooses the trainable weights: those asked for, or all that can be trained and look like weights. */
const chooseParams = (plan: Plan, structural: ReadonlyMap<string, StoredNode>): Set<string> => {
  const { weights, options, results } = plan.source
  const reached = reachedBack(plan.nodes, results, (node) => blocks(node, plan.source))
  const floats = [...weights].filter(([name, { dtype }]) => isFloat(dtype) && plan.names.has(name))
  const canTrain = (name: string): boolean => reached.has(name) && !structural.has(name)
  if (options.trainable !== undefined) {
    const chosen = select(
      'trainable',
      options.trainable,
      floats.map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    )
    if (plan.source.mustTrain === false) return new Set([...chosen].filter(canTrain))
    for (const name of chosen) if (!canTrain(name)) explainBlocked(plan, name, structural)
    return chosen
  }
  const fixed = new Set([...statisticsOf(plan.nodes), ...initialStatesOf(plan.nodes)])
  const isWeight = ([name, weight]: readonly [string, Constant]): boolean =>
    canTrain(name) && sizeOf(weight.shape) > 1 && !fixed.has(name) && !isMask(weight)
  return new Set(floats.filter(isWeight).map(([name]) => name))
}

const placeholders = (ports: readonly OnnxPort[]): NamedTensors =>
  record(ports.map(({ name, shape, dtype }) => [name, input(name, shape, dtype) as Tensor] as const))

/**
 * Makes a model from what was read: runs it once with placeholders, so that everything wrong in it shows now.
 */
export const buildModel = (source: OnnxSource, grafted: NamedConstants = {}): OnnxModel => {
  const plan = planOf(source)
  const training = source.options.batchNorm === 'training'
  const trial = runPlan(plan, {}, placeholders(plan.ports), training)
  const chosen = chooseParams(plan, trial.reading.structural)
  const states = new Set(training ? statisticsOf(plan.nodes) : [])
  for (const name of states) chosen.delete(name)
  const pick = (test: (name: string) => boolean): NamedConstants =>
    record([...source.weights].filter(([name]) => plan.names.has(name) && test(name)))
  const ownOnly = (params: NamedTensors): NamedTensors =>
    source.grafts.length === 0 ? params : record(Object.entries(params).filter(([name]) => !(name in grafted)))
  const applyWithState: OnnxModel['applyWithState'] = (params, state, inputs, key) => {
    const { outputs, reading } = runPlan(plan, { ...ownOnly(params), ...state }, inputs, training, key)
    return [withGrafts(source, { ...grafted, ...params }, outputs), { ...state, ...record(reading.statistics) }]
  }
  const state = pick((name) => states.has(name))
  const outputs = withGrafts(source, grafted, trial.outputs)
  return {
    params: { ...pick((name) => chosen.has(name)), ...grafted },
    frozen: pick((name) => !chosen.has(name) && !states.has(name)),
    state,
    inputs: plan.ports,
    outputs: outputNames(source).map((name) => {
      const { shape, dtype } = outputs[name] as Tensor
      return { name, shape, dtype }
    }),
    apply: (params, inputs, key) => applyWithState(params, {}, inputs, key)[0],
    applyWithState,
    source,
  }
}
