import { elementType } from '../schema/types.ts'
import type { Emitter } from '../emitter.ts'

/**
 * The arc tangent in float64, for which runtimes have no kernel: y in single precision for |u| ≤ 1, corrected by the angle that is left,
 * tan(atan u − y) = (u·cos y − sin y) / (cos y + u·sin y); beyond one, ±π/2 − atan(1/x).
 */
export const atanDouble = (emitter: Emitter, x: string): string => {
  const constant = (value: number): string => emitter.scalar(value, 'float64')
  const binary =
    (op: string) =>
    (a: string, b: string): string =>
      emitter.add(op, [a, b])
  const [add, sub, mul, div] = [binary('Add'), binary('Sub'), binary('Mul'), binary('Div')]
  const large = emitter.add('Greater', [emitter.add('Abs', [x]), constant(1)])
  const u = emitter.add('Where', [large, emitter.add('Reciprocal', [x]), x])
  const single = emitter.add('Atan', [emitter.add('Cast', [u], { to: elementType.float32 })])
  const y = emitter.add('Cast', [single], { to: elementType.float64 })
  const [sine, cosine] = [emitter.add('Sin', [y]), emitter.add('Cos', [y])]
  const angle = add(y, div(sub(mul(u, cosine), sine), add(cosine, mul(u, sine))))
  const quarter = mul(emitter.add('Sign', [x]), constant(Math.PI / 2))
  return emitter.add('Where', [large, sub(quarter, angle), angle])
}
