// How values are compared with what a comment says: deep equality, typed arrays as arrays, numbers by the digits written.

class Digits {
  constructor(text, tolerance) {
    this.text = text
    this.value = Number(text)
    this.tolerance = tolerance
  }
}

const lastPlace = (text) => {
  const [mantissa, exponent = '0'] = text.replaceAll('_', '').toLowerCase().split('e')
  return 10 ** (Number(exponent) - (mantissa.split('.')[1]?.length ?? 0))
}

const significant = (text) =>
  text
    .toLowerCase()
    .split('e')[0]
    .replace(/^-?0*\.?0*|\./g, '').length

/** A number as written: to one millionth, or to half a unit of the last place once four digits of a fraction are shown. */
export const digits = (text) => {
  const shown = text.includes('.') && significant(text) >= 4 ? lastPlace(text) / 2 : 0
  return new Digits(text, Math.max(Math.abs(Number(text)) * 1e-6, shown * (1 + 1e-9)))
}

/** A number written as `0.42…`: to one unit of the last place. */
export const cut = (text) => new Digits(text, lastPlace(text))

const plain = (value) => {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value)
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  return value
}

const isRecord = (value) => typeof value === 'object' && value !== null

/** The actual value with each number that is near enough replaced by the expected one, so that a difference prints well. */
export const settle = (actual, expected) => {
  const value = plain(actual)
  if (expected instanceof Digits) {
    return typeof value === 'number' && Math.abs(value - expected.value) <= expected.tolerance ? expected.value : value
  }
  if (Array.isArray(value) && Array.isArray(expected)) return value.map((each, index) => settle(each, expected[index]))
  if (isRecord(value) && isRecord(expected))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, settle(each, expected[key])]))
  return value
}

/** An expectation with its numbers as numbers. */
export const written = (expected) => {
  if (expected instanceof Digits) return expected.value
  if (Array.isArray(expected)) return expected.map(written)
  if (isRecord(expected)) return Object.fromEntries(Object.entries(expected).map(([key, each]) => [key, written(each)]))
  return expected
}
