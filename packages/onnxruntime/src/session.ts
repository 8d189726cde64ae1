import { SessionError } from './errors.ts'
import type { ConcreteDevice } from './device.ts'
import { loadRuntime } from './runtime.ts'
import type { Runtime } from './runtime.ts'

/** How a session uses the machine. */
export interface SessionOptions {
  readonly device: ConcreteDevice
  /** Threads for one op (default: as many as the machine has cores). */
  readonly threads?: number | undefined
  /** Whether ops without a kernel on the device may run on the cpu (default: yes). */
  readonly fallback?: boolean
  /** Records every op; the runtime appends the time to this path and writes there. */
  readonly profilePrefix?: string
  /** Whether memory counts more than the time of tiny ops: a laid out pattern of allocations holds about twice the memory. */
  readonly frugal?: boolean
  /** Prints all that the runtime has to say, to stderr (default: nothing). */
  readonly verbose?: boolean
  /** On webgpu: which outputs stay on the device (default: none). */
  readonly outputLocations?: Readonly<Record<string, 'cpu' | 'gpu-buffer'>>
}

// To wake a thread takes longer than many an op, so threads wait awake for the next one, but not for long and only inside a run:
// longer they steal time from everything else. Denormals cost a hundred times a normal number.
const extra = {
  intra_op: { allow_spinning: '1', spin_duration_us: '50' },
  inter_op: { allow_spinning: '0' },
  force_spinning_stop: '1',
  set_denormal_as_zero: '1',
}

// The models say themselves where a product should read a transposed matrix and where that is slow.
const optimization = { disable_specified_optimizers: 'MatmulTransposeFusion;GemmTransposeFusion' }

const optionsOf = ({
  device,
  threads,
  fallback = true,
  outputLocations,
  profilePrefix,
  frugal = false,
  verbose = false,
}: SessionOptions): Runtime.InferenceSession.SessionOptions => ({
  executionProviders: device === 'cpu' || !fallback ? [device] : [device, 'cpu'],
  ...(threads !== undefined && { intraOpNumThreads: threads }),
  ...(outputLocations !== undefined && { preferredOutputLocation: outputLocations }),
  ...(profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: profilePrefix }),
  ...(frugal && { enableMemPattern: false }),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: verbose ? 0 : 4,
  extra: { optimization, session: { ...extra, ...(!fallback && { disable_cpu_ep_fallback: '1' }) } },
})

/**
 * Builds a session for a model.
 *
 * @throws {SessionError} when the runtime refuses the model
 */
export const createSession = async (model: Uint8Array, options: SessionOptions): Promise<Runtime.InferenceSession> => {
  const runtime = await loadRuntime()
  try {
    return await runtime.InferenceSession.create(model, optionsOf(options))
  } catch (cause) {
    throw new SessionError(options.device, cause)
  }
}
