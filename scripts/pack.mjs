// Packs every public package, installs the tarballs into an empty project and uses them there, with plain Node and no checkout around.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { install, writePrograms } from './pack/project.mjs'
import { releaseFaults } from './pack/release.mjs'
import { capture } from './process.mjs'
import { publicPackages } from './size.mjs'

const check = async (name, run) => {
  const { code, output } = await run
  return { name, ok: code === 0, output: `${name}: exit code ${code}\n${output}` }
}

/** Type-checks what was written, then runs it; a program with a type error is still emitted and run. */
const usePackages = async (project, folders) => {
  const programs = writePrograms(project, folders)
  const results = [await check('types', capture('tsc', ['-p', 'tsconfig.json', '--pretty', 'false'], { cwd: project }))]
  for (const name of programs)
    results.push(await check(name, capture(process.execPath, [join('out', `${name}.js`)], { cwd: project, timeout: 120_000 })))
  const { code, output } = await capture(join(project, 'node_modules/.bin/grad-ts'), [], { cwd: project })
  return [...results, { name: 'grad-ts', ok: code === 2 && output.includes('usage'), output }]
}

/** Runs all of it in a temporary folder; answers as a step of `npm test`. */
export const pack = async () => {
  const folders = publicPackages()
  const at = mkdtempSync(join(realpathSync(tmpdir()), 'grad-ts-pack-'))
  try {
    const results = await usePackages(await install(at, folders), folders)
    const faults = await releaseFaults(join(at, 'release'), folders)
    results.push({ name: 'changesets', ok: faults.length === 0, output: faults.join('\n') })
    const bad = results.filter(({ ok }) => !ok)
    return { passed: results.length - bad.length, failed: bad.length, output: bad.map(({ output }) => output).join('\n') }
  } catch (error) {
    return { passed: 0, failed: 1, output: error.message }
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(['tsconfig.json'])
  const { passed, failed, output } = await pack()
  if (output !== '') console.log(output)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
