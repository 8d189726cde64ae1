import { compilerPasses } from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import type { StepCase } from '../cases/case.ts'
import { frozenGpt } from '../cases/frozen.ts'
import { stepCases } from '../cases/table.ts'

/** How a step runs: one at a time, or several in a run. */
export type Form = 'single' | 'loop'

/** A step that is compiled in several ways. */
export interface Subject {
  readonly name: string
  readonly form: Form
  readonly one: StepCase
  /** What is left out, by name; the first leaves nothing out. */
  readonly variants: Readonly<Record<string, Variant>>
}

/** One way: options of the compiler, or another step that computes the same. */
export interface Variant {
  readonly options?: Pick<CompileStepOptions, 'passes' | 'fuse'>
  readonly one?: StepCase
}

/** Name of the way that leaves nothing out. */
export const whole = 'whole'

const withoutPasses = Object.fromEntries(
  compilerPasses.map((pass): [string, Variant] => [pass, { options: { passes: compilerPasses.filter((name) => name !== pass) } }]),
)

const subject = (name: string, form: Form): Subject => ({
  name,
  form,
  one: (stepCases[name] as () => StepCase)(),
  variants: { [whole]: {}, ...withoutPasses, fuse: { options: { fuse: 'off' } } },
})

/** A graph is what its outputs reach, so there is no switch for dead code: the other step makes it reach what is dead. */
const deadCode = (): Subject => ({
  name: 'gpt-head',
  form: 'single',
  one: frozenGpt(false),
  variants: { [whole]: {}, 'dead code': { one: frozenGpt(true) } },
})

const compared: readonly (readonly [string, Form])[] = [
  ['small', 'single'],
  ['small', 'loop'],
  ['mlp', 'single'],
  ['mlp', 'loop'],
  ['cnn', 'single'],
  ['gpt', 'single'],
  ['gpt', 'loop'],
]

/** What `bench passes` compares, by the name of the case. */
export const subjectsOf = (names: readonly string[]): readonly (() => Subject)[] => [
  ...compared
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(
      ([name, form]) =>
        () =>
          subject(name, form),
    ),
  ...(names.length === 0 || names.includes('gpt-head') ? [deadCode] : []),
]
