/** The smallest and the largest value. A run may have more updates than a call may have arguments. */
export const extentOf = (values: readonly number[]): readonly [low: number, high: number] =>
  values.reduce<readonly [number, number]>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity])
