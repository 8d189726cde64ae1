// What a release would do, tried on a copy: versions go up together and every package gets a changelog.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { capture, root } from '../process.mjs'

const copyManifests = (target, group) => {
  for (const name of readdirSync(join(root, group))) {
    const from = join(root, group, name, 'package.json')
    if (existsSync(from)) cpSync(from, join(target, group, name, 'package.json'))
  }
}

const copy = (target) => {
  mkdirSync(target, { recursive: true })
  for (const name of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) cpSync(join(root, name), join(target, name))
  cpSync(join(root, '.changeset'), join(target, '.changeset'), { recursive: true })
  for (const group of ['packages', 'examples']) copyManifests(target, group)
  cpSync(join(root, 'docs/package.json'), join(target, 'docs/package.json'))
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'))
}

const identity = ['-c', 'user.name=grad-ts', '-c', 'user.email=grad-ts@localhost', '-c', 'commit.gpgsign=false']

/** Changesets looks its files up in a history, so the copy gets one. */
const commit = async (target) => {
  await capture('git', ['init', '-q', '-b', 'main'], { cwd: target })
  await capture('git', ['add', '.changeset', 'package.json', 'packages'], { cwd: target })
  await capture('git', [...identity, 'commit', '-q', '-m', 'Copy'], { cwd: target })
}

const fault = (folder, target, hasChanges) => {
  const [before, after] = [root, target].map((from) => JSON.parse(readFileSync(join(from, folder, 'package.json'), 'utf8')).version)
  if (!hasChanges) return undefined
  if (before === after) return `${folder}: the version stays ${before}; give it a changeset`
  const changelog = join(target, folder, 'CHANGELOG.md')
  return existsSync(changelog) && readFileSync(changelog, 'utf8').includes(`## ${after}`)
    ? undefined
    : `${folder}: no changelog of ${after}`
}

/** The faults that `changeset version` shows, in words. Right after a release there are no changesets, and nothing to show. */
export const releaseFaults = async (target, folders) => {
  copy(target)
  await commit(target)
  const hasChanges = readdirSync(join(root, '.changeset')).some((name) => name.endsWith('.md'))
  const { code, output } = await capture('changeset', ['version'], { cwd: target })
  if (code !== 0) return [`changeset version: exit code ${code}\n${output}`]
  const versions = new Set(folders.map((folder) => JSON.parse(readFileSync(join(target, folder, 'package.json'), 'utf8')).version))
  const apart = versions.size === 1 ? [] : [`the versions differ: ${[...versions].join(', ')}`]
  return [...apart, ...folders.flatMap((folder) => fault(folder, target, hasChanges) ?? [])]
}
