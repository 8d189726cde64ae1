import { SettingsError } from '../errors.ts'

/** Reads a value of JSON, or throws a `SettingsError` with its path. */
export type Decoder<Value> = (path: string, value: unknown) => Value

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)

const refuse = (path: string, expected: string, value: unknown): never => {
  throw new SettingsError(path === '' ? 'settings' : path, expected, show(value))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const below = (path: string, key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)

export const flag: Decoder<boolean> = (path, value) => (typeof value === 'boolean' ? value : refuse(path, 'true or false', value))

export const text: Decoder<string> = (path, value) => (typeof value === 'string' && value !== '' ? value : refuse(path, 'a text', value))

/** Makes a decoder of numbers that pass a test. */
export const number =
  (expected = 'a number', test: (value: number) => boolean = () => true): Decoder<number> =>
  (path, value) =>
    typeof value === 'number' && test(value) ? value : refuse(path, expected, value)

export const whole = number('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1)

export const oneOf =
  <const Word extends string>(...words: readonly Word[]): Decoder<Word> =>
  (path, value) =>
    words.find((word) => word === value) ?? refuse(path, `one of ${words.join(', ')}`, value)

export const list =
  <Value>(of: Decoder<Value>): Decoder<readonly Value[]> =>
  (path, value) =>
    Array.isArray(value) ? value.map((each: unknown, i) => of(below(path, i), each)) : refuse(path, 'a list', value)

export const record: Decoder<Readonly<Record<string, unknown>>> = (path, value) =>
  isRecord(value) ? value : refuse(path, 'a record', value)

/** Tries decoders in turn: the first for which the value has the right type of JSON decides. */
export const either =
  <First, Second>(isFirst: (value: unknown) => boolean, first: Decoder<First>, second: Decoder<Second>): Decoder<First | Second> =>
  (path, value) =>
    isFirst(value) ? first(path, value) : second(path, value)

/** The decoders of a record; a key that has none is refused. Keys may be missing. */
export const shape =
  <Value extends object>(fields: { readonly [Key in keyof Value]-?: Decoder<Exclude<Value[Key], undefined>> }): Decoder<Value> =>
  (path, value) => {
    const known = Object.keys(fields)
    const decoded = Object.entries(record(path, value)).map(([key, each]) => {
      if (!known.includes(key)) throw new SettingsError(below(path, key), `one of ${known.join(', ')}`, 'a setting of another name')
      return [key, (fields as Readonly<Record<string, Decoder<unknown>>>)[key]?.(below(path, key), each)]
    })
    return Object.fromEntries(decoded) as Value
  }

/** A record of one key, which names the decoder of its value. */
export const named =
  <Value>(decoders: Readonly<Record<string, Decoder<Value>>>): Decoder<Value> =>
  (path, value) => {
    const entries = Object.entries(record(path, value))
    const [name, inner] = entries[0] ?? ['', undefined]
    const decode = entries.length === 1 ? decoders[name] : undefined
    return decode === undefined
      ? refuse(path, `a record with one of the keys ${Object.keys(decoders).join(', ')}`, value)
      : decode(below(path, name), inner)
  }
