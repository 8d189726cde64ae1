// An empty project into which the packed packages are installed, outside of the checkout.

import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importLines } from '../doctest.mjs'
import { fromMarkdown } from '../doctest/extract.mjs'
import { transform } from '../doctest/transform.mjs'
import { capture, root } from '../process.mjs'

const json = (value) => `${JSON.stringify(value, null, 2)}\n`

export const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))

/** Packs one package as it would be published; answers with the file. */
const tarball = async (folder, target) => {
  const { code, output } = await capture('pnpm', ['pack', '--pack-destination', target], { cwd: join(root, folder) })
  if (code !== 0) throw new Error(`${folder}: pnpm pack\n${output}`)
  const { name, version } = manifestOf(folder)
  return [name, `file:${join(target, `${name.slice(1).replace('/', '-')}-${version}.tgz`)}`]
}

/** The native library is 288 MB: it is linked from the checkout, and so are the types of Node. */
const linked = (from, name) => [name, `link:${realpathSync(join(root, from, 'node_modules', name))}`]

const settings = (tarballs) => {
  const overrides = Object.fromEntries([...tarballs, linked('packages/onnxruntime', 'onnxruntime-node')])
  const lines = Object.entries(overrides).map(([name, at]) => `  '${name}': '${at}'`)
  return `packages: ['.']\npmOnFail: ignore\nautoInstallPeers: false\nstrictPeerDependencies: true\noverrides:\n${lines.join('\n')}\n`
}

const peers = () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'packages/grad-ts/package.json'), 'utf8'))
  const version = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version
  return Object.keys(devDependencies)
    .filter((name) => name.endsWith('-ts'))
    .map((name) => [name, version(name)])
}

/** Makes the project with every package as a dependency, and installs it, from the store where it has everything. */
export const install = async (at, folders) => {
  const tarballs = []
  for (const folder of folders) tarballs.push(await tarball(folder, join(at, 'tarballs')))
  const project = join(at, 'project')
  mkdirSync(project)
  const dependencies = Object.fromEntries([...tarballs, ...peers(), linked('.', '@types/node')])
  writeFileSync(join(project, 'package.json'), json({ name: 'consumer', private: true, type: 'module', dependencies }))
  writeFileSync(join(project, 'pnpm-workspace.yaml'), settings(tarballs))
  const run = (...more) => capture('pnpm', ['install', '--no-frozen-lockfile', '--reporter=append-only', ...more], { cwd: project })
  const offline = await run('--offline')
  const result = offline.code === 0 ? offline : await run('--prefer-offline')
  if (result.code !== 0) throw new Error(`pnpm install\n${result.output}`)
  return project
}

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  moduleDetection: 'force',
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: ['node'],
  rootDir: 'src',
  outDir: 'out',
}

const checkTypes = [
  'export declare const same: (actual: readonly unknown[], expected: readonly unknown[]) => void',
  'export declare const throws: (run: () => unknown, text: string) => Promise<void>',
  'export declare const digits: (text: string) => unknown',
  'export declare const cut: (text: string) => unknown',
]

/** Every entry of a package that can be imported. */
export const entriesOf = (folder) => {
  const { name, exports } = manifestOf(folder)
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => name + entry.slice(1))
}

const importing = (entries) => {
  const names = entries.map((_, index) => `entry${index}`)
  const imports = entries.map((entry, index) => `import * as ${names[index]} from '${entry}'`)
  const check = 'if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing`)'
  const table = entries.map((entry, index) => `  ['${entry}', ${names[index]}],`)
  return `${imports.join('\n')}\n\nfor (const [name, entry] of [\n${table.join('\n')}\n] as const) ${check}\n`
}

const runnable = (code) => {
  const { imports, body } = transform(code)
  return [`import * as __doc from '../check.mjs'`, ...importLines([{ imports }]), '', body, 'void __doc', ''].join('\n')
}

/** Writes a program that imports everything, and one for each example of a README; answers with their names. */
export const writePrograms = (project, folders) => {
  mkdirSync(join(project, 'src'))
  for (const name of ['compare.mjs', 'plain.mjs'])
    cpSync(join(root, 'scripts/doctest', name), join(project, name === 'plain.mjs' ? 'check.mjs' : name))
  writeFileSync(join(project, 'check.d.mts'), `${checkTypes.join('\n')}\n`)
  writeFileSync(join(project, 'tsconfig.json'), json({ compilerOptions, include: ['src'] }))
  const programs = new Map(folders.map((folder) => [`import-${folder.split('/')[1]}`, importing(entriesOf(folder))]))
  for (const folder of folders.filter((each) => existsSync(join(root, each, 'README.md')))) {
    const examples = fromMarkdown(readFileSync(join(root, folder, 'README.md'), 'utf8')).filter(({ run }) => run)
    for (const [index, { code }] of examples.entries()) programs.set(`readme-${folder.split('/')[1]}-${index + 1}`, runnable(code))
  }
  for (const [name, text] of programs) writeFileSync(join(project, 'src', `${name}.ts`), text)
  return [...programs.keys()]
}
