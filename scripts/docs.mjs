// npm run docs: the guides and the API reference of every package as a site in out/docs. A dead link is a failure.

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { deadLinks, filesBelow } from './links.mjs'
import { capture, root } from './process.mjs'

const site = join(root, 'out/docs')

/** Every page beside the front page. */
const guides = () => readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'index.md')

// Options that have a named type are documented there as well, and typedoc says so for each.
const isExpected = (line) => /has an @param with name "options\.\w+", which was not used|^\[info\]|Found 0 errors and/.test(line)

await bootstrap()
rmSync(site, { recursive: true, force: true })
const { code, output } = await capture(
  join(root, 'docs/node_modules/.bin/typedoc'),
  guides().flatMap((name) => ['--projectDocuments', name]),
  {
    cwd: join(root, 'docs'),
    env: { ...process.env, NO_COLOR: '1' },
  },
)
const complaints = output.split('\n').filter((line) => line.trim() !== '' && !isExpected(line))
const dead = code === 0 ? deadLinks(site, filesBelow(site, '.html')) : []
for (const line of [...complaints, ...dead]) console.log(line)
const isGood = code === 0 && complaints.length === 0 && dead.length === 0
console.log(isGood ? `${join(site, 'index.html')}: ${filesBelow(site, '.html').length} pages` : 'the documentation has faults')
process.exitCode = isGood ? 0 : 1
