import type { ConcreteDevice, Precision } from '@grad-ts/onnxruntime'

/** How a check computes. Whether products of float32 may round to TF32 is decided before the runtime is loaded, by the environment. */
export interface Mode {
  readonly name: 'float32' | 'tf32' | 'mixed'
  readonly precision: Precision
  readonly environment: Readonly<Record<string, string>>
  /** The largest difference from the cpu. */
  readonly tolerance: number
}

const float32: Mode = { name: 'float32', precision: 'float32', environment: { NVIDIA_TF32_OVERRIDE: '0' }, tolerance: 1e-4 }
const tf32: Mode = { name: 'tf32', precision: 'float32', environment: {}, tolerance: 2e-2 }
const mixed: Mode = { name: 'mixed', precision: 'mixed', environment: {}, tolerance: 2e-2 }

/** The modes that a device has. */
export const modesOf = (device: ConcreteDevice): readonly Mode[] => (device === 'cuda' ? [float32, tf32, mixed] : [float32, mixed])

export const modeOf = (name: string): Mode => {
  const found = [float32, tf32, mixed].find((mode) => mode.name === name)
  if (found === undefined) throw new Error(`unknown mode '${name}': expected float32, tf32 or mixed`)
  return found
}
