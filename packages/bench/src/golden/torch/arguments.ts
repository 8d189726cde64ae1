import { UnknownName } from '../optax/errors.ts'

/** The keyword arguments of a call in a fixture. */
export type Arguments = Readonly<Record<string, unknown>>

/** Reads arguments by name, with PyTorch's defaults. */
export const reader = (cls: string, args: Arguments, group = 0) => {
  const read = <Value>(name: string, initial: Value): Value => {
    const given = args[name] ?? initial
    // Some arguments are lists with one number per parameter group.
    return (Array.isArray(given) && !Array.isArray(initial) ? given[group] : given) as Value
  }
  const required = <Value>(name: string): Value => {
    if (args[name] === undefined) throw new UnknownName(`${cls} has no ${name}`)
    return read(name, args[name] as Value)
  }
  return {
    number: (name: string, initial?: number): number => Number(initial === undefined ? required(name) : read(name, initial)),
    flag: (name: string, initial: boolean): boolean => read(name, initial),
    text: (name: string, initial: string): string => read(name, initial),
    pair: (name: string, initial: readonly [number, number]): readonly [number, number] => read(name, initial),
  }
}

/** Throws when a call has arguments that are not known here. */
export const checkArguments = (cls: string, args: Arguments, known: readonly string[]): void => {
  const unknown = Object.keys(args).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UnknownName(`${cls} has an argument '${unknown}' that is not known here`)
}
