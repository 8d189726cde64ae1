import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as autodiff from '@grad-ts/autodiff'
import * as nn from '@grad-ts/nn'
import * as onnxruntime from '@grad-ts/onnxruntime'
import * as optim from '@grad-ts/optim'
import * as tensor from '@grad-ts/tensor'
import * as trainer from '@grad-ts/trainer'
import { describe, expect, test } from 'vitest'
import { anchorsOfMarkdown, deadLinks, linksOfMarkdown } from './links.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'index.md')

describe('links', () => {
  test('are found in text, not in code', () => {
    const text = 'See [a](a.md#b) and ![c](c.png "C").\n\n```md\n[no](no.md)\n```\n`[no](no.md)`\n\n[d]: d.md\n'
    expect(linksOfMarkdown(text)).toEqual(['a.md#b', 'c.png', 'd.md'])
  })

  test('lead to headings by their slugs', () => {
    expect(anchorsOfMarkdown('# The `a` of [b](c)\n\n```sh\n# no\n```\n\n## Twice\n\n## Twice\n')).toEqual([
      'the-a-of-b',
      'twice',
      'twice-1',
    ])
  })

  test('that lead nowhere are found', () => {
    const name = 'scripts/fixtures/links.md'
    expect(deadLinks(root, [name])).toEqual([`${name}: missing.md: no such file`, `${name}: ../../README.md#nowhere: no such heading`])
  })

  test('of the documentation lead somewhere', () => {
    const readmes = readdirSync(join(root, 'packages')).map((folder) => `packages/${folder}/README.md`)
    const documents = ['README.md', ...readmes, ...guides.map((name) => `docs/${name}`), 'docs/index.md']
    const existing = documents.filter((name) => existsSync(join(root, name)))
    expect(existing.length).toBeGreaterThan(15)
    expect(deadLinks(root, existing)).toEqual([])
  })

  test('reach every guide from the front page', () => {
    const links = linksOfMarkdown(readFileSync(join(root, 'docs/index.md'), 'utf8'))
    expect(links).toEqual(expect.arrayContaining(guides))
  })
})

describe('the names for people who come from elsewhere', () => {
  const exported = new Set([autodiff, nn, onnxruntime, optim, tensor, trainer].flatMap((module) => Object.keys(module)))
  // Settings of `fit`, which are no exports.
  const settings = ['checkpoint', 'weights', 'device', 'precision']
  const table = readFileSync(join(root, 'docs/coming-from.md'), 'utf8')
  const rows = [...table.matchAll(/^\| (.+?) \| (.+) \|$/gm)].filter(
    ([, left]) => !/^(optax|PyTorch|Keras|TensorFlow\.js)$/.test(left ?? ''),
  )

  test.each(rows.map(([, there = '', here = '']) => [there, here] as const))('%s', (_, here) => {
    const names = [...here.matchAll(/`(\w+)[^`]*`/g)].map(([, name]) => name ?? '')
    expect(names.filter((name) => !exported.has(name) && !settings.includes(name))).toEqual([])
  })
})
