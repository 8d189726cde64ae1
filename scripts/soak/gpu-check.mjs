// The check for GPU machines packs, and its pack runs here against the cpu provider.

import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { capture, root } from '../process.mjs'

const run = async () => {
  const out = join(root, 'out/gpu-check-trial')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const packed = await capture(process.execPath, ['scripts/gpu-check.mjs', out])
  if (packed.code !== 0) return { ok: false, figures: packed.output.slice(-2000) }
  const modules = join(out, 'gpu-check/node_modules')
  symlinkSync(join(root, 'packages/onnxruntime/node_modules/onnxruntime-node'), join(modules, 'onnxruntime-node'))
  const { code, output } = await capture(process.execPath, [join(out, 'gpu-check/run.mjs'), '--device', 'cpu', '--quick'], { cwd: out })
  return { ok: code === 0, figures: output.trim().split('\n').at(-1) }
}

export const soaks = [{ name: 'gpu check against the cpu', run }]
