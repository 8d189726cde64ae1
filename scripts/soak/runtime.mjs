// Memory stays flat over many steps, and timers go on while a large model trains in the worker.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../process.mjs'

const load = () => import(pathToFileURL(join(root, 'packages/bench/dist/soak.js')).href)

const memory = (device, steps) => ({
  name: `memory on ${device}`,
  run: async () => {
    const { soakMemory } = await load()
    const { megabytesAfterTenth, megabytesAtEnd } = await soakMemory(device, steps)
    // A leak of one small state per step would be 60 MB after ten thousand.
    return {
      ok: megabytesAtEnd - megabytesAfterTenth < 40,
      figures: `${megabytesAfterTenth} MB after a tenth of ${steps} steps, ${megabytesAtEnd} MB at the end`,
    }
  },
})

const timer = {
  name: 'timers beside the worker',
  run: async () => {
    const { soakTimer } = await load()
    const { ticks, latestMs } = await soakTimer(500)
    return { ok: latestMs <= 100, figures: `${ticks} ticks of 50 ms, the latest ${latestMs} ms late` }
  },
}

const onWebgpu = async () => {
  const { probeDevice } = await import(pathToFileURL(join(root, 'packages/onnxruntime/dist/index.js')).href)
  const missing = await probeDevice('webgpu')
  return missing === undefined ? memory('webgpu', 500).run() : { ok: true, figures: `not run: ${missing.message}` }
}

export const soaks = [memory('cpu', 10_000), { name: 'memory on webgpu', run: onWebgpu }, timer]
