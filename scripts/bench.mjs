// npm run bench -- …: measures this machine. Only the program itself writes to stdout.

import { join } from 'node:path'
import { build } from './build.mjs'
import { become, root } from './process.mjs'

await build(['packages/bench'])
become(process.execPath, [join(root, 'packages/bench/dist/cli.js'), ...process.argv.slice(2)])
