import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { arrows, faultsOfImports, faultsOfManifest, importsOf } from './arrows.ts'
import type { Manifest } from './arrows.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

const read = (path: string) => readFileSync(join(root, path), 'utf8')

const foldersOf = (kind: string) =>
  existsSync(join(root, kind))
    ? readdirSync(join(root, kind))
        .map((name) => `${kind}/${name}`)
        .filter((folder) => existsSync(join(root, folder, 'package.json')))
    : []

const packages = foldersOf('packages')
const folders = [...packages, ...foldersOf('examples')]

const manifestOf = (folder: string) => JSON.parse(read(`${folder}/package.json`)) as Manifest & { exports?: Record<string, unknown> }

const entries = Object.fromEntries(
  packages.map((folder) => [folder.replace('packages/', ''), Object.keys(manifestOf(folder).exports ?? {})]),
)

const filesOf = (folder: string) =>
  ['src', 'test', 'bench']
    .filter((part) => existsSync(join(root, folder, part)))
    .flatMap((part) =>
      readdirSync(join(root, folder, part), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${part}/${name.split(sep).join('/')}`),
    )

describe('the checkout', () => {
  test('has a row of arrows for every package', () => {
    expect(packages.map((folder) => folder.replace('packages/', '')).sort()).toEqual(Object.keys(arrows).sort())
  })

  test.each(folders)('%s imports only along the arrows', (folder) => {
    expect(filesOf(folder).flatMap((path) => faultsOfImports({ path, source: read(path) }, entries))).toEqual([])
  })

  test.each(folders)('%s depends only along the arrows', (folder) => {
    expect(faultsOfManifest(folder, manifestOf(folder))).toEqual([])
  })
})

describe('the checker', () => {
  const published = { tensor: ['.'], optim: ['.', './monoid'], nn: ['.'], testkit: ['.'] }
  const faults = (path: string, source: string) => faultsOfImports({ path, source }, published)

  test('finds every form of import and none in comments or strings', () => {
    const source = `
      /** @example
       * import { adam } from '@grad-ts/optim' */
      import 'a'
      import type { B } from 'b'
      export { c } from 'c'
      export * from 'd'
      const e = await import('e')
      type F = import('f').F
      const text = "import 'g'" // import 'h'`
    expect(importsOf(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test.each([
    ['packages/nn/src/layer.ts', "import { adam } from '@grad-ts/optim'", 'packages/nn/src/layer.ts may not import optim'],
    ['packages/tensor/src/add.ts', "import type { Layer } from '@grad-ts/nn'", 'packages/tensor/src/add.ts may not import nn'],
    ['packages/nn/src/layer.ts', "import '@grad-ts/nn'", 'packages/nn/src/layer.ts may not import nn'],
    ['packages/nn/src/layer.ts', "import { x } from '@grad-ts/tensor/src/x.ts'", 'what tensor does not export'],
    ['packages/nn/test/layer.test.ts', "import { x } from '@grad-ts/tensor/internal/x'", 'what tensor does not export'],
    ['packages/nn/src/layer.ts', "export * from '../../tensor/src/index.ts'", 'reaches out of its package'],
    ['packages/nn/test/layer.test.ts', "import '../../tensor/test/table.ts'", 'reaches out of its package'],
    ['packages/nn/src/layer.ts', "import '../test/table.ts'", 'reaches out of its package'],
    ['packages/onnx/src/read.ts', "import { readFile } from 'node:fs/promises'", 'is not pure'],
    ['packages/onnx/src/read.ts', "const ort = await import('onnxruntime-node')", 'is not pure'],
    ['examples/digits/src/main.ts', "import { check } from '@grad-ts/testkit'", 'examples/digits/src/main.ts may not import testkit'],
    ['examples/digits/src/main.ts', "import '../../other/src/main.ts'", 'reaches out of its package'],
  ])('%s: %s', (path, source, fault) => {
    expect(faults(path, source)).toEqual([expect.stringContaining(fault)])
  })

  test.each([
    ['packages/nn/src/layer.ts', "import { add } from '@grad-ts/tensor'; import './other.ts'"],
    ['packages/nn/test/laws/layer.test.ts', "import { adam } from '@grad-ts/optim/monoid'; import '../../src/layer.ts'"],
    ['examples/digits/src/main.ts', "import { adam } from '@grad-ts/optim'; import { readFile } from 'node:fs/promises'"],
  ])('allows %s: %s', (path, source) => {
    expect(faults(path, source)).toEqual([])
  })

  test('finds wrong dependencies', () => {
    expect(
      faultsOfManifest('packages/nn', { dependencies: { '@grad-ts/optim': 'workspace:^', '@grad-ts/tensor': '^0.1.0', 'fp-ts': '2' } }),
    ).toEqual(['packages/nn may not depend on optim', 'packages/nn depends on tensor by ^0.1.0, not by workspace:^'])
    expect(faultsOfManifest('packages/trainer', { peerDependencies: { '@grad-ts/optim': '^0.1.0' } })).toEqual([
      'packages/trainer has @grad-ts/optim as a peer',
    ])
    expect(faultsOfManifest('examples/digits', { dependencies: { '@grad-ts/testkit': 'workspace:^' } })).toEqual([
      'examples/digits may not depend on testkit',
    ])
  })
})
