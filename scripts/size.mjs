// npm run size: what each package costs, in tarball bytes, lines and milliseconds of import.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { capture, must, root } from './process.mjs'

const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))

/** The folders of the packages that are published. */
export const publicPackages = () =>
  readdirSync(join(root, 'packages'))
    .map((name) => join('packages', name))
    .filter((folder) => existsSync(join(root, folder, 'package.json')) && !manifest(folder).private)

const lines = (folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8').split('\n').length - 1)
        .sort((a, b) => a - b)
    : []

const total = (counts) => counts.reduce((sum, count) => sum + count, 0)

const timeOfImport = async (folder) => {
  const code = `const t = performance.now(); await import(${JSON.stringify(join(root, folder, 'dist/index.js'))}); console.log(performance.now() - t)`
  const { code: status, output } = await capture(process.execPath, ['--input-type=module', '--eval', code])
  return status === 0 ? Math.round(Number(output)) : NaN
}

const row = async (folder) => {
  const packed = JSON.parse(
    (await must('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], { cwd: join(root, folder) })).replace(
      /^[^[{]*/,
      '',
    ),
  )
  const [tarball] = Array.isArray(packed) ? packed : Object.values(packed)
  const [source, tests] = [lines(join(folder, 'src')), lines(join(folder, 'test'))]
  return {
    package: manifest(folder).name,
    'tarball kB': Number((tarball.size / 1000).toFixed(1)),
    'unpacked kB': Number((tarball.unpackedSize / 1000).toFixed(1)),
    files: source.length,
    lines: total(source),
    median: source[Math.floor(source.length / 2)] ?? 0,
    longest: source.at(-1) ?? 0,
    'test lines': total(tests),
    'import ms': await timeOfImport(folder),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(['tsconfig.json'])
  const rows = []
  for (const folder of publicPackages()) rows.push(await row(folder))
  console.table(rows)
}
