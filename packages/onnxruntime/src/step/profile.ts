import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sizeOf } from '@grad-ts/tensor'
import { opsOf } from '../apart/events.ts'
import type { OpProfile, TraceEvent } from '../apart/events.ts'
import { runApart } from '../apart/run.ts'
import { loadRuntime } from '../runtime.ts'
import { createSession } from '../session.ts'
import type { StepPlan, TensorType } from './plan.ts'
import { zeroFeeds } from './zeros.ts'

/** What one step costs besides arithmetic, and where its ops ran. */
export interface Profile {
  /** Bytes that are copied to the device for a step. */
  readonly bytesIn: number
  /** Bytes that are copied back from it. */
  readonly bytesOut: number
  /** Every op that ran; empty where a driver ends the process that records (SwiftShader does, on larger graphs). */
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
    return opsOf(await readEvents(folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Measures a plan: on the cpu here, elsewhere in a process that may end. */
export const profilePlan = async (plan: StepPlan): Promise<Profile> => {
  const { model, device, threads, frugal } = plan
  if (device === 'cpu') return { ...crossingBytes(plan), ops: await recordOps(model, plan), fallsBack: false }
  const { ops, placement } = await runApart(model, { device, threads, frugal, record: true })
  return { ...crossingBytes(plan), ops, fallsBack: Object.keys(placement.nodes).some((name) => name !== device) }
}
