// Makes a fresh clone ready: the pinned pnpm, then the dependencies of the lockfile. Does nothing when they are there.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must, capture, root } from './process.mjs'

const stamp = join(root, 'node_modules/.installed')

const manifests = () =>
  ['packages', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')))
    .filter((path) => existsSync(join(root, path)))

/** Changes whenever an install would have something to do. */
const fingerprint = () => {
  const hash = createHash('sha256')
  for (const path of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests()])
    hash.update(path).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()

/** Corepack cannot verify pnpm on every registry, so npm installs it, into a folder of this checkout. */
const ensurePnpm = async () => {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.replace('pnpm@', '')
  const found = await capture('pnpm', ['--version'])
  if (found.code === 0 && found.output.trim() === wanted) return
  process.stderr.write(`Installing pnpm ${wanted}\n`)
  await must('npm', ['install', '--prefix', join(root, '.tools'), '--no-audit', '--no-fund', '--no-package-lock', `pnpm@${wanted}`])
}

/** Everything it has to say goes to stderr. */
export const bootstrap = async () => {
  if (installed()) return
  await ensurePnpm()
  process.stderr.write('Installing dependencies\n')
  await must('pnpm', ['install', '--frozen-lockfile', '--reporter=append-only'])
  writeFileSync(stamp, fingerprint())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap()
