import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sizeOf } from '@grad-ts/tensor'
import type { ConcreteDevice } from '../device.ts'
import { ExecutionError, SessionError } from '../errors.ts'
import { loadRuntime } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'
import { createSession } from '../session.ts'
import type { StepPlan, TensorType } from './plan.ts'

/** One op as the runtime ran it, after its own rewrites. */
export interface OpProfile {
  readonly op: string
  readonly device: ConcreteDevice
  readonly microseconds: number
}

/** What one step costs besides arithmetic, and where its ops ran. */
export interface Profile {
  /** Bytes that are copied to the device for a step. */
  readonly bytesIn: number
  /** Bytes that are copied back from it. */
  readonly bytesOut: number
  /** Every op that ran; empty on webgpu, where recording ends the process on larger graphs (onnxruntime-node 1.29). */
  readonly ops: readonly OpProfile[]
  /** Whether some op runs on the cpu although the program runs on another device. */
  readonly fallsBack: boolean
}

const elementBytes = { float32: 4, float64: 8, float16: 2, int32: 4, bool: 1 } as const

const bytesOf = (types: readonly TensorType[]): number =>
  types.reduce((total, { shape, dtype }) => total + sizeOf(shape) * elementBytes[dtype], 0)

/** On the cpu inputs are read where they lie; on webgpu the state stays; on cuda it crosses once a run, with all steps of the run. */
export const crossingBytes = ({
  device,
  state,
  batch,
  outputs,
  stepsPerRun = 1,
  split,
}: StepPlan): Pick<Profile, 'bytesIn' | 'bytesOut'> => {
  if (split !== undefined) return { bytesIn: 0, bytesOut: bytesOf(split.session.outputs) }
  const stateBytes = device === 'webgpu' ? 0 : bytesOf(state) / (stepsPerRun ?? 1)
  return { bytesIn: device === 'cpu' ? 0 : bytesOf(batch) + stateBytes, bytesOut: bytesOf(outputs) + stateBytes }
}

const providers: Readonly<Record<string, ConcreteDevice>> = { CUDAExecutionProvider: 'cuda', WebGpuExecutionProvider: 'webgpu' }

interface TraceEvent {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args: { readonly op_name?: string; readonly provider?: string }
}

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array, float16: Uint16Array } as const

/** Inputs of zeros, which every step takes. */
const zeroFeeds = (runtime: typeof Runtime, { inputMetadata }: Runtime.InferenceSession): Record<string, Runtime.Tensor> =>
  Object.fromEntries(
    inputMetadata.map((port) => {
      if (!port.isTensor) throw new ExecutionError(`input '${port.name}' is no tensor`)
      const { type, shape } = port as { readonly type: keyof typeof arrays; readonly shape: readonly number[] }
      return [port.name, new runtime.Tensor(type, new arrays[type](sizeOf(shape)) as never, shape)]
    }),
  )

const readEvents = async (folder: string): Promise<readonly TraceEvent[]> => {
  const [file] = await readdir(folder)
  return JSON.parse(await readFile(join(folder, file as string), 'utf8')) as TraceEvent[]
}

/** Runs a model once, on zeros, in a session that records every op. */
export const recordOps = async (
  model: Uint8Array,
  { device, threads }: Pick<StepPlan, 'device' | 'threads'>,
): Promise<readonly OpProfile[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'grad-ts-'))
  try {
    const runtime = await loadRuntime()
    const session = await createSession(model, { device, threads, profilePrefix: join(folder, 'profile') })
    await session.run(zeroFeeds(runtime, session))
    session.endProfiling()
    await session.release()
    const kernels = (await readEvents(folder)).filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
    return kernels.map(({ dur, args }) => ({ op: args.op_name ?? '', device: providers[args.provider ?? ''] ?? 'cpu', microseconds: dur }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Builds the model for its device alone, which fails when some op has no kernel there. */
const fallsBack = async ({ model, device, threads }: StepPlan): Promise<boolean> => {
  if (device === 'cpu') return false
  try {
    const session = await createSession(model, { device, threads, fallback: false })
    await session.release()
    return false
  } catch (error) {
    if (error instanceof SessionError) return true
    throw error
  }
}

/** Measures a plan. */
export const profilePlan = async (plan: StepPlan): Promise<Profile> => ({
  ...crossingBytes(plan),
  ops: plan.device === 'webgpu' ? [] : await recordOps(plan.model, plan),
  fallsBack: await fallsBack(plan),
})
