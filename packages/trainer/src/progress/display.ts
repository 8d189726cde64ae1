/** What a display shows of a run that goes on. */
export interface ProgressState {
  readonly title: string
  readonly done: number
  readonly total: number
  readonly loss: number
  readonly examplesPerSecond: number
}

/** Draws progress: a state that changes, and lines that stay. */
export interface Display {
  readonly show: (state: ProgressState) => void
  readonly line: (text: string) => void
  readonly stop: () => void
}

/** Four significant digits, without an exponent where people do not expect one. */
export const showValue = (value: number): string => {
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : value.toPrecision(4)
}
