import { cast, constantOf, input, matmul } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { toMixedPrecision, toModel } from '@grad-ts/onnx'
import type { Tree } from '@grad-ts/tree'
import { targetOf } from './device.ts'
import type { ConcreteDevice } from './device.ts'
import { ArgumentError, PrecisionUnavailableError, reasonOf } from './errors.ts'
import { loadRuntime } from './runtime.ts'
import { createSession } from './session.ts'
import { toRuntime } from './transfer.ts'

/** How float32 graphs compute: as written, or with their products in float16. */
export type Precision = 'float32' | 'mixed'

const precisions: readonly string[] = ['float32', 'mixed'] satisfies readonly Precision[]

/** A product that is rounded to float16 and back. */
const tinyProduct = (): Graph => {
  const x = input('x', [2, 2])
  const half = cast(x, 'float16')
  return { inputs: [x], outputs: [cast(matmul(half, half), 'float32')] }
}

const twice = constantOf(Float32Array.of(2, 0, 0, 2), [2, 2], 'float32')

const productIsRight = async (device: ConcreteDevice): Promise<boolean> => {
  const runtime = await loadRuntime()
  const session = await createSession(toModel(tinyProduct(), { target: targetOf(device) }), { device, threads: 1 })
  try {
    const fetched = await session.run({ 'inputs.0': toRuntime(runtime, twice) })
    return Array.from(fetched['outputs.0']?.data as Float32Array).join() === '4,0,0,4'
  } finally {
    await session.release()
  }
}

const hints: Readonly<Record<ConcreteDevice, string>> = {
  cpu: "leave precision at 'float32'",
  cuda: "leave precision at 'float32', or update the driver and the provider libraries",
  webgpu: "it needs the device feature shader-f16: leave precision at 'float32', or use another driver or device",
}

const probes = new Map<ConcreteDevice, Promise<PrecisionUnavailableError | undefined>>()

/**
 * Runs a tiny product in float16 on a device, once per process.
 *
 * @param device one that starts
 * @returns nothing when the device computes in float16, else the error with the reason and what to do
 * @example
 * import { probeMixedPrecision } from '@grad-ts/onnxruntime'
 * await probeMixedPrecision('cpu') // => undefined
 */
export const probeMixedPrecision = (device: ConcreteDevice): Promise<PrecisionUnavailableError | undefined> => {
  const probe = async (): Promise<PrecisionUnavailableError | undefined> => {
    try {
      return (await productIsRight(device))
        ? undefined
        : new PrecisionUnavailableError(device, 'a tiny product gave wrong numbers', hints[device])
    } catch (cause) {
      const reason = reasonOf(cause instanceof Error ? (cause.cause ?? cause) : cause)
      return new PrecisionUnavailableError(device, reason.trim(), hints[device], { cause })
    }
  }
  const known = probes.get(device) ?? probe()
  probes.set(device, known)
  return known
}

/** Brings a graph to a precision. */
export type Lower = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(graph: Graph<Inputs, Outputs>) => Graph<Inputs, Outputs>

/**
 * Decides how graphs are brought to a precision.
 *
 * @throws {ArgumentError} when there is no such precision
 * @throws {PrecisionUnavailableError} when the device does not compute in it
 */
export const choosePrecision = async (precision: Precision, device: ConcreteDevice): Promise<Lower> => {
  if (!precisions.includes(precision)) throw new ArgumentError('precision', '', "'float32' or 'mixed'", String(precision))
  if (precision === 'float32') return (graph) => graph
  const error = await probeMixedPrecision(device)
  if (error !== undefined) throw error
  return toMixedPrecision
}
