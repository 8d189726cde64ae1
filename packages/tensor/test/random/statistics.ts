/** Pearson's statistic of counts against equal expectation, as a number of standard deviations (normal approximation of χ²). */
export const chiSquareScore = (counts: ArrayLike<number>, expected: (i: number) => number): number => {
  let statistic = 0
  for (let i = 0; i < counts.length; i++) statistic += ((counts[i] as number) - expected(i)) ** 2 / expected(i)
  const freedom = counts.length - 1
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

export const histogram = (values: ArrayLike<number>, bins: number, binOf: (value: number, i: number) => number): Int32Array => {
  const counts = new Int32Array(bins)
  for (let i = 0; i < values.length; i++) counts[binOf(values[i] as number, i)]!++
  return counts
}

export const moment = (values: ArrayLike<number>, order: number, center = 0): number => {
  let total = 0
  for (let i = 0; i < values.length; i++) total += ((values[i] as number) - center) ** order
  return total / values.length
}

export const correlation = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
  const [a, b] = [moment(left, 1), moment(right, 1)]
  let total = 0
  for (let i = 0; i < left.length; i++) total += ((left[i] as number) - a) * ((right[i] as number) - b)
  return total / left.length / Math.sqrt(moment(left, 2, a) * moment(right, 2, b))
}
