import { constantOf, input, matmul, mul, sub, sum } from '@grad-ts/tensor'
import type { Graph } from '@grad-ts/tensor'
import { toModel } from '@grad-ts/onnx'
import { DeviceUnavailableError, reasonOf } from './errors.ts'
import type { ConcreteDevice, Device } from './device.ts'
import { targetOf } from './device.ts'
import { mayHave, missingLibrary } from './hardware.ts'
import { loadRuntime } from './runtime.ts'
import { createSession } from './session.ts'
import { toRuntime } from './transfer.ts'

/** A step of gradient descent on Σ(x·w)², small but with all that a step has: a product, its transpose, a sum, an update. */
const tinyStep = (): Graph => {
  const [w, x] = [input('w', [2, 2]), input('x', [2, 2])]
  const y = matmul(x, w)
  const gradient = mul(matmul(x, y, { transposeA: true }), 2)
  return { inputs: [w, x], outputs: [sub(w, mul(gradient, 0.25)), sum(mul(y, y))] }
}

const identity = constantOf(Float32Array.of(1, 0, 0, 1), [2, 2], 'float32')

const stepRuns = async (device: ConcreteDevice): Promise<boolean> => {
  const runtime = await loadRuntime()
  const session = await createSession(toModel(tinyStep(), { target: targetOf(device) }), { device, threads: 1 })
  try {
    const fetched = await session.run({ 'inputs.0': toRuntime(runtime, identity), 'inputs.1': toRuntime(runtime, identity) })
    return Array.from(fetched['outputs.0']?.data as Float32Array).join() === '0.5,0,0,0.5' && fetched['outputs.1']?.data[0] === 2
  } finally {
    await session.release()
  }
}

/** What is most often missing, and how to get it. */
const hints: Readonly<Record<ConcreteDevice, string>> = {
  cpu: 'install onnxruntime-node for this platform: npm install onnxruntime-node@1.29.0',
  cuda:
    'CUDA needs Linux on x64, an NVIDIA driver, CUDA 12 with cuDNN 9, and the provider libraries: allow the install script of onnxruntime-node ' +
    '(pnpm approve-builds) and run npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12',
  webgpu:
    'WebGPU needs a graphics driver: on Linux a Vulkan loader and driver, apt-get install libvulkan1 mesa-vulkan-drivers (vulkaninfo lists what is found)',
}

const probes = new Map<ConcreteDevice, Promise<DeviceUnavailableError | undefined>>()

/**
 * Runs a tiny training step on a device, once per process.
 *
 * @returns nothing when the device works, else the error with what is missing and how to get it
 */
export const probeDevice = (device: ConcreteDevice): Promise<DeviceUnavailableError | undefined> => {
  const probe = async (): Promise<DeviceUnavailableError | undefined> => {
    const missing = missingLibrary(device)
    if (missing !== undefined) return new DeviceUnavailableError(device, missing, hints[device])
    try {
      return (await stepRuns(device))
        ? undefined
        : new DeviceUnavailableError(device, 'a tiny training step gave wrong numbers', hints[device])
    } catch (cause) {
      const reason = reasonOf(cause instanceof Error ? (cause.cause ?? cause) : cause)
      return new DeviceUnavailableError(device, reason.trim(), hints[device], { cause })
    }
  }
  const known = probes.get(device) ?? probe()
  probes.set(device, known)
  return known
}

// The order in which `auto` tries what the machine may have.
const preferred: readonly ConcreteDevice[] = ['cuda', 'webgpu']

/**
 * Decides where to run: the device that was asked for, or for `auto` the first that starts.
 *
 * @throws {DeviceUnavailableError} when it does not start
 */
export const chooseDevice = async (device: Device): Promise<ConcreteDevice> => {
  if (device === 'cpu') return device
  if (device === 'auto') {
    for (const candidate of preferred.filter((device) => mayHave(device)))
      if ((await probeDevice(candidate)) === undefined) return candidate
    return 'cpu'
  }
  const error = await probeDevice(device)
  if (error !== undefined) throw error
  return device
}
