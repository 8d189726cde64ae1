import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { Device } from '@grad-ts/onnxruntime'
import type { StepCase } from '../cases/case.ts'
import { median, stacked } from '../measure.ts'
import { whole } from './variants.ts'
import type { Form, Subject } from './variants.ts'

/** What leaving one thing out does to a step. */
export interface Comparison {
  readonly pass: string
  readonly case: string
  readonly form: Form
  /** Medians over the rounds. */
  readonly msWith: number
  readonly msWithout: number
  /** Median, quarter and three quarters of the ratios of single rounds: without, divided by with. */
  readonly ratio: number
  readonly between: readonly [number, number]
  /** Lines of the graph. */
  readonly nodesWith: number
  readonly nodesWithout: number
}

export interface CompareOptions {
  readonly device: Device
  readonly threads: number
}

interface Racer {
  readonly name: string
  readonly run: () => Promise<unknown>
  readonly nodes: number
  readonly model: Uint8Array
  readonly times: number[]
  readonly dispose: () => Promise<void>
}

const start = async ({ one: common, form, variants }: Subject, name: string, options: CompareOptions): Promise<Racer> => {
  const { one = common, options: own = {} } = variants[name] ?? {}
  const loop = form === 'loop' ? { stepsPerRun: one.loop } : {}
  const program = await compileStepOrThrow(one.step, one.state, one.batch, { ...options, ...own, ...loop })
  const batch = form === 'loop' ? stacked(one.batch, one.loop) : one.batch
  const nodes = program.explain().match(/^%/gm)?.length ?? 0
  return { name, run: () => program.runOrThrow(batch), nodes, model: program.model, times: [], dispose: program.dispose }
}

const timed = async (run: () => Promise<unknown>, times: number): Promise<number> => {
  const from = performance.now()
  for (let i = 0; i < times; i++) await run()
  return (performance.now() - from) / times
}

// A sample of a tiny step is many runs, so that neither the clock nor the collector of garbage decides.
const shortestSample = 4

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] as number

const rounded = (value: number): number => Number(value.toPrecision(4))

const stepsOf = ({ form, one }: Subject): number => (form === 'loop' ? one.loop : 1)

const compared = (subject: Subject, plain: Racer, other: Racer): Comparison => {
  const ratios = other.times.map((time, i) => time / (plain.times[i] as number))
  const perStep = ({ times }: Racer): number => rounded(median(times) / stepsOf(subject))
  return {
    pass: other.name,
    case: subject.name,
    form: subject.form,
    msWith: perStep(plain),
    msWithout: perStep(other),
    ratio: rounded(median(ratios)),
    between: [rounded(quantile(ratios, 0.25)), rounded(quantile(ratios, 0.75))],
    nodesWith: plain.nodes,
    nodesWithout: other.nodes,
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

/** Every racer once, in an order that differs from round to round: whoever always follows the same one inherits its caches. */
const shuffled = <T>(items: readonly T[], round: number): T[] => {
  const rank = (i: number): number => (Math.imul(i + 1, 2_654_435_761) ^ Math.imul(round + 1, 40_503)) >>> 7
  const mixed = (i: number): number => Math.imul(rank(i), 2_246_822_519) >>> 0
  return items
    .map((_, i) => i)
    .toSorted((a, b) => mixed(a) - mixed(b))
    .map((i) => items[i] as T)
}

const roundsFor = ({ runs }: StepCase): number => Math.min(40, Math.max(12, runs))

/** Compiles a step in every way; ways that give the program of the whole are left out, since there is nothing to compare. */
const startAll = async (subject: Subject, options: CompareOptions): Promise<readonly [Racer, ...Racer[]]> => {
  const plain = await start(subject, whole, options)
  const others: Racer[] = []
  for (const name of Object.keys(subject.variants).filter((variant) => variant !== whole)) {
    const racer = await start(subject, name, options)
    if (sameBytes(racer.model, plain.model)) await racer.dispose()
    else others.push(racer)
  }
  return [plain, ...others]
}

/** Measures a step compiled in every way: all take turns, in another order each round. */
export const compare = async (subject: Subject, options: CompareOptions): Promise<readonly Comparison[]> => {
  const racers = await startAll(subject, options)
  const [plain, ...others] = racers
  for (const { run } of racers) await timed(run, 3)
  const repeats = Math.ceil(shortestSample / (await timed(plain.run, 3)))
  for (let round = 0; round < roundsFor(subject.one); round++)
    for (const racer of shuffled(racers, round)) racer.times.push(await timed(racer.run, repeats))
  for (const { dispose } of racers) await dispose()
  return others.map((other) => compared(subject, plain, other))
}

/** A comparison as a line of text. */
export const showComparison = (line: Comparison): string => {
  const ratio = `${line.ratio.toFixed(3)} (${line.between.map((value) => value.toFixed(3)).join(' to ')})`
  const times = `${String(line.msWith).padStart(8)} ms with ${String(line.msWithout).padStart(8)} without`
  return `${line.pass.padEnd(12)}${line.case.padEnd(10)}${line.form.padEnd(8)}${times}   ratio ${ratio}   ${line.nodesWith} nodes, ${line.nodesWithout}`
}
