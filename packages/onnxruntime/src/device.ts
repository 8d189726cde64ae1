import type { Target } from '@grad-ts/onnx'
import { UnknownDeviceError } from './errors.ts'

/** Where a program runs; `auto` takes the first of cuda, webgpu and cpu that starts. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'auto'

/** A device that was decided on. */
export type ConcreteDevice = Exclude<Device, 'auto'>

export const devices: readonly Device[] = ['cpu', 'cuda', 'webgpu', 'auto']

/**
 * Checks the name of a device.
 *
 * @throws {UnknownDeviceError} when there is none of that name
 */
export const deviceOf = (name: string): Device => {
  const device = devices.find((known) => known === name)
  if (device === undefined) throw new UnknownDeviceError(name, devices)
  return device
}

export const targetOf = (device: ConcreteDevice): Target => device
