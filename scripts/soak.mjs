// npm run soak [-- PART…]: the long checks. Every file of scripts/soak exports `soaks`: { name, run }, where run answers { ok, figures }.
// With words as arguments only checks with one of them in the name run.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

const folder = new URL('soak/', import.meta.url)

const load = async () => {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .sort()
  return (await Promise.all(files.map((file) => import(new URL(file, folder))))).flatMap(({ soaks }) => soaks)
}

const wanted = process.argv.slice(2)
const chosen = (await load()).filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
if (chosen.length === 0) {
  process.stderr.write(`no long check is called ${wanted.join(' or ')}; they are in ${fileURLToPath(folder)}\n`)
  process.exit(2)
}

await build()
let failed = 0
for (const { name, run } of chosen) {
  const started = Date.now()
  const { ok, figures } = await run()
  failed += ok ? 0 : 1
  console.log(`${ok ? 'passed' : 'FAILED'}  ${name}  ${((Date.now() - started) / 1000).toFixed(0)} s  ${figures}`)
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
