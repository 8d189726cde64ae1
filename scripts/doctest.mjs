// Writes every documented example as a vitest test under .doctest/, in folders that mirror the checkout.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromMarkdown, fromSource } from './doctest/extract.mjs'
import { transform } from './doctest/transform.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, '.doctest')

const filesIn = (folder, ending) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true })
        .map((name) => join(folder, name))
        .filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts') && !name.includes('node_modules'))
        .sort()
    : []

const documented = () => {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name))
  const readmes = ['README.md', ...packages.map((folder) => join(folder, 'README.md'))].filter((name) => existsSync(join(root, name)))
  return [...readmes, ...filesIn('docs', '.md'), ...packages.flatMap((folder) => filesIn(join(folder, 'src'), '.ts'))]
}

const prepared = (example) => {
  try {
    return { ...example, ...transform(example.code) }
  } catch (error) {
    return { ...example, run: true, imports: [], body: `throw new Error(${JSON.stringify(error.message)})` }
  }
}

const clashes = (imports, others) =>
  imports.some((one) => others.some((other) => one.local === other.local && (one.from !== other.from || one.imported !== other.imported)))

/** Puts examples together as long as their imports agree on what each name means. */
const grouped = (examples) => {
  const groups = []
  for (const example of examples) {
    const group = groups.find(
      (each) =>
        !clashes(
          example.imports,
          each.flatMap(({ imports }) => imports),
        ),
    )
    if (group) group.push(example)
    else groups.push([example])
  }
  return groups
}

const importLine = ({ from, imported, local, type }) => {
  const keyword = type ? 'import type' : 'import'
  if (imported === '*') return `${keyword} * as ${local} from '${from}'`
  return `${keyword} { ${imported === local ? local : `${imported} as ${local}`} } from '${from}'`
}

/** One import line per name; a name that is imported as a value somewhere needs no type import. */
export const importLines = (examples) => {
  const all = examples.flatMap(({ imports }) => imports)
  return [...new Set(all.filter((one) => !one.type || !all.some((other) => !other.type && other.local === one.local)).map(importLine))]
}

const testOf = ({ name, line, run, body }) =>
  `__doc.test${run ? '' : '.skip'}(${JSON.stringify(`${name}, line ${line}`)}, async () => {\n${body}\n})\n`

const fileOf = (source, path, examples) => {
  const runtime = relative(dirname(path), join(root, 'scripts/doctest/same.mjs'))
  const head = [`// Generated from ${source}`, `import * as __doc from '${runtime}'`, ...importLines(examples)]
  return `${head.join('\n')}\n\n${examples.map(testOf).join('\n')}`
}

/** Writes only what changed and removes what has no source any more; answers with the number of examples. */
export const writeDocTests = () => {
  const wanted = new Map()
  let count = 0
  for (const source of documented()) {
    const text = readFileSync(join(root, source), 'utf8')
    const examples = (source.endsWith('.md') ? fromMarkdown(text) : fromSource(text)).map(prepared)
    count += examples.length
    for (const [index, group] of grouped(examples).entries()) {
      const path = join(target, `${source}${index === 0 ? '' : `.${index + 1}`}.test.ts`)
      wanted.set(path, fileOf(source, path, group))
    }
  }
  for (const old of filesIn('.doctest', '.ts')) if (!wanted.has(join(root, old))) rmSync(join(root, old))
  for (const [path, text] of wanted) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return count
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`${writeDocTests()} examples`)
