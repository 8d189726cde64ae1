import type { Emitter } from '../emitter.ts'

/**
 * The error function in float64, for which runtimes have no kernel: e^(−x²) · 2/√π · Σ 2ⁿx^(2n+1)/(2n+1)!! for |x| < 2
 * (no term cancels another), and the continued fraction of erfc beyond.
 */
export const erfDouble = (emitter: Emitter, x: string): string => {
  const constant = (value: number): string => emitter.scalar(value, 'float64')
  const magnitude = emitter.add('Min', [emitter.add('Abs', [x]), constant(6)])
  const square = emitter.add('Mul', [magnitude, magnitude])
  const gauss = emitter.add('Mul', [emitter.add('Exp', [emitter.add('Neg', [square])]), constant(1 / Math.sqrt(Math.PI))])

  let series = constant(1)
  for (let n = 45; n >= 1; n--) {
    const term = emitter.add('Mul', [emitter.add('Mul', [square, constant(2 / (2 * n + 1))]), series])
    series = emitter.add('Add', [term, constant(1)])
  }
  const inner = emitter.add('Mul', [emitter.add('Mul', [gauss, series]), emitter.add('Add', [magnitude, magnitude])])

  let fraction = emitter.add('Max', [magnitude, constant(2)])
  const floor = fraction
  for (let n = 60; n >= 1; n--) fraction = emitter.add('Add', [floor, emitter.add('Div', [constant(n / 2), fraction])])
  const outer = emitter.add('Sub', [constant(1), emitter.add('Div', [gauss, fraction])])

  const unsigned = emitter.add('Where', [emitter.add('Less', [magnitude, constant(2)]), inner, outer])
  return emitter.add('Mul', [unsigned, emitter.add('Sign', [x])])
}
