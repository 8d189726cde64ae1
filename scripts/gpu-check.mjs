// npm run gpu-check -- OUT: packs the built code and a runner into OUT/gpu-check.tgz, for a machine with a GPU, Node and onnxruntime-node.
// There: tar xzf gpu-check.tgz && node gpu-check/run.mjs [--device cuda|webgpu|cpu] [--mode float32|tf32|mixed] [--quick] [--python COMMAND]

import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from './build.mjs'
import { must, root } from './process.mjs'

const own = ['tree', 'tensor', 'autodiff', 'optim', 'nn', 'onnx', 'onnxruntime', 'testkit', 'bench']

// Only what runs: declarations and source maps are more than half of it.
const runs = (path) => statSync(path).isDirectory() || /\.(js|mjs|json)$/.test(path)

const pack = (from, to) => cpSync(from, to, { recursive: true, dereference: true, filter: runs })

const external = (folder, name) => {
  const from = join(root, 'packages', folder, 'node_modules', name)
  return { from, name }
}

await build(['packages/bench'])
const out = resolve(process.argv[2] ?? join(root, 'out'))
const target = join(out, 'gpu-check')
rmSync(target, { recursive: true, force: true })
for (const name of own) {
  const to = join(target, 'node_modules/@grad-ts', name)
  mkdirSync(to, { recursive: true })
  cpSync(join(root, 'packages', name, 'package.json'), join(to, 'package.json'))
  pack(join(root, 'packages', name, 'dist'), join(to, 'dist'))
}
// The steps of PyTorch, for a python that has it.
cpSync(join(root, 'packages/bench/torch'), join(target, 'node_modules/@grad-ts/bench/torch'), { recursive: true })
for (const { from, name } of [external('onnx', '@bufbuild/protobuf'), external('bench', 'fp-ts'), external('bench', 'io-ts')])
  pack(from, join(target, 'node_modules', name))
writeFileSync(join(target, 'run.mjs'), "await import('./node_modules/@grad-ts/bench/dist/gpu/cli.js')\n")
const archive = join(out, 'gpu-check.tgz')
await must('tar', ['czf', archive, '-C', out, 'gpu-check'])
console.log(
  `${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB, ${readdirSync(target).length} entries; run it with node gpu-check/run.mjs`,
)
