import type { Emitter } from '../emitter.ts'

/** a or b; WebGPU has no Or kernel, so not (not a and not b) there. */
export const either = (emitter: Emitter, a: string, b: string): string => {
  if (emitter.target !== 'webgpu') return emitter.add('Or', [a, b])
  const not = (x: string): string => emitter.add('Not', [x])
  return not(emitter.add('And', [not(a), not(b)]))
}
