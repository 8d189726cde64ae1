// Builds every package and example with the incremental compiler; quick when nothing changed.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrap } from './bootstrap.mjs'
import { capture, root } from './process.mjs'

/** The folders under examples/ that hold a program. */
export const examples = () =>
  existsSync(join(root, 'examples'))
    ? readdirSync(join(root, 'examples'))
        .filter((name) => existsSync(join(root, 'examples', name, 'package.json')))
        .sort()
    : []

const projects = () => ['tsconfig.json', ...examples().map((name) => `examples/${name}`)]

export const compile = (targets = projects()) => capture('tsc', ['-b', ...targets])

/** Bootstraps and builds; anything there is to say goes to stderr, and a fault ends the process. */
export const build = async (targets) => {
  await bootstrap()
  const { code, output } = await compile(targets)
  process.stderr.write(output)
  if (code !== 0) process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
