import { arch, cpus, platform, release, totalmem } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { compile, devices } from '@grad-ts/onnxruntime'
import { add, tensor } from '@grad-ts/tensor'

/** What was found out about one device. */
export interface DeviceCheck {
  readonly device: string
  readonly works: boolean
  /** Time of a first small computation, or what is wrong and what to try. */
  readonly detail: string
}

const gibibyte = 2 ** 30

/** Computes 1 + 1 on a device. */
export const checkDevice = async (device: 'cpu' | 'cuda' | 'webgpu'): Promise<DeviceCheck> => {
  const started = performance.now()
  const one = tensor([1, 2, 3, 4])
  const program = await compile((x, y) => add(x, y), [one, one], { device })()
  if (E.isLeft(program)) return { device, works: false, detail: program.left.message }
  const sum = await program.right.run(one, one)()
  await program.right.dispose()
  if (E.isLeft(sum)) return { device, works: false, detail: sum.left.message }
  const right = [...sum.right.attributes.data].join() === '2,4,6,8'
  return {
    device,
    works: right,
    detail: right ? `${Math.round(performance.now() - started)} ms to the first result` : 'it computes wrong sums',
  }
}

/** The lines of a report about this machine, and whether the CPU works. */
export const doctor = async (): Promise<{ readonly lines: readonly string[]; readonly healthy: boolean }> => {
  const checks: DeviceCheck[] = []
  for (const device of devices) if (device !== 'auto') checks.push(await checkDevice(device))
  return {
    lines: [
      `node     ${process.version}`,
      `machine  ${platform()} ${arch()} ${release()}, ${cpus().length} cores, ${(totalmem() / gibibyte).toFixed(1)} GiB`,
      ...checks.map(({ device, works, detail }) => `${device.padEnd(8)} ${works ? 'works' : 'does not work'}: ${detail}`),
    ],
    healthy: checks.some(({ device, works }) => device === 'cpu' && works),
  }
}
