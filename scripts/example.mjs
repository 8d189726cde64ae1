// npm run example NAME [-- arguments]: builds an example and runs it with plain node.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, examples } from './build.mjs'
import { become, root } from './process.mjs'

export const runExample = async (name, args = []) => {
  if (!examples().includes(name)) {
    process.stderr.write(`${name === undefined ? 'Which example?' : `There is no example '${name}'.`} One of: ${examples().join(', ')}\n`)
    process.exit(2)
  }
  await build([join('examples', name)])
  const main = join(root, 'examples', name, 'dist/main.js')
  if (!existsSync(main)) {
    process.stderr.write(`examples/${name} has no dist/main.js after the build\n`)
    process.exit(1)
  }
  become(process.execPath, [main, ...args])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runExample(process.argv[2], process.argv.slice(3))
