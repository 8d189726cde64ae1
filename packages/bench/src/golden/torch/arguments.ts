import { UnknownName } from '../optax/errors.ts'

/** The keyword arguments of a call in a fixture. */
export type Arguments = Readonly<Record<string, unknown>>

/** Reads arguments by name, with PyTorch's defaults. */
export const reader = (cls: string, args: Arguments, group = 0) => {
  // Some arguments are lists with one number per parameter group.
  const read = (name: string, initial?: unknown): unknown => {
    const given = args[name] ?? initial
    if (given === undefined) throw new UnknownName(`${cls} has no ${name}`)
    return Array.isArray(given) ? given[group] : given
  }
  return {
    number: (name: string, initial?: number): number => Number(read(name, initial)),
    flag: (name: string, initial: boolean): boolean => read(name, initial) === true,
    text: (name: string, initial: string): string => String(read(name, initial)),
    pair: (name: string, initial: readonly [number, number]): readonly [number, number] =>
      (args[name] ?? initial) as readonly [number, number],
  }
}

/** Throws when a call has arguments that are not known here. */
export const checkArguments = (cls: string, args: Arguments, known: readonly string[]): void => {
  const unknown = Object.keys(args).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UnknownName(`${cls} has an argument '${unknown}' that is not known here`)
}
