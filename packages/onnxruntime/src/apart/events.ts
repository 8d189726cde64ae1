import type { ConcreteDevice } from '../device.ts'

/** One op as the runtime ran it, after its own rewrites. */
export interface OpProfile {
  readonly op: string
  readonly device: ConcreteDevice
  readonly microseconds: number
}

export const providers: Readonly<Record<string, ConcreteDevice>> = {
  CPUExecutionProvider: 'cpu',
  CUDAExecutionProvider: 'cuda',
  WebGpuExecutionProvider: 'webgpu',
}

/** An entry of what the runtime records. */
export interface TraceEvent {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args: { readonly op_name?: string; readonly provider?: string }
}

const ending = '_kernel_time'

/** How long the programs of each node took on the device, by the node's name; webgpu alone tells. */
const deviceTimes = (events: readonly TraceEvent[]): ReadonlyMap<string, number> => {
  const times = new Map<string, number>()
  for (const { cat, name, dur } of events) {
    const node = name.split('&')[0] as string
    if (cat === 'Api') times.set(node, (times.get(node) ?? 0) + dur)
  }
  return times
}

/** Reads the ops from a record: the time on the device where it is known, else the time of the call. */
export const opsOf = (events: readonly TraceEvent[]): OpProfile[] => {
  const times = deviceTimes(events)
  const kernels = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith(ending))
  return kernels.map(({ name, dur, args: { op_name: op = '', provider = '' } }) => ({
    op,
    device: providers[provider] ?? 'cpu',
    microseconds: times.get(name.slice(0, -ending.length)) ?? dur,
  }))
}
