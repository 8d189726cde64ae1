import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ArgumentError } from '@grad-ts/onnxruntime'
import { cachedPlan, forgetPlans } from '../../src/cache/plans.ts'
import type { CacheOptions, Stored } from '../../src/cache/plans.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plans-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const keyOf = (name: string, lasting = true) => ({ key: name.padEnd(64, '0'), lasting })
const pathOf = (name: string): string => join(folder, `${keyOf(name).key}.plan`)
const filesOf = (): string[] => readdirSync(folder).sort()

interface Plan extends Stored {
  readonly facts: unknown
}

const planOf = (bytes: number, facts: unknown = 0): Plan => ({ model: new Uint8Array(bytes).fill(7), facts })

const never = (): Plan => {
  throw new Error('nothing should be built')
}

const restart = forgetPlans

const get = (name: string, build: () => Plan, cache: false | string | CacheOptions = folder) => cachedPlan(keyOf(name), cache, build)

const remembered = (name: string, build: () => Plan) => cachedPlan(keyOf(name), undefined, build)

test('a plan is built once, then found in memory, after a restart on disk', async () => {
  const facts = { steps: [{ value: -0 }, { value: NaN }, { value: Infinity }], nothing: undefined }
  const plan = planOf(1000, facts)
  expect(await get('a', () => plan)).toEqual({ plan, origin: 'built' })
  expect(await get('a', never)).toEqual({ plan, origin: 'memory' })
  restart()
  expect(await get('a', never)).toEqual({ plan, origin: 'disk' })
  expect(await get('a', never)).toEqual({ plan, origin: 'memory' })
  expect(filesOf()).toEqual([`${keyOf('a').key}.plan`])
})

test('what is known in memory is written to a folder that lacks it', async () => {
  await remembered('a', () => planOf(10))
  expect((await get('a', never)).origin).toBe('memory')
  restart()
  expect((await get('a', never)).origin).toBe('disk')
})

test('without a folder nothing is written, and false keeps nothing at all', async () => {
  expect((await remembered('b', () => planOf(10))).origin).toBe('built')
  expect((await remembered('b', never)).origin).toBe('memory')
  expect((await get('b', () => planOf(10), false)).origin).toBe('built')
  expect((await get('c', () => planOf(10), false)).origin).toBe('built')
  expect((await remembered('c', () => planOf(10))).origin).toBe('built')
  expect(filesOf()).toEqual([])
})

test('nothing lasts whose versions are unknown', async () => {
  await cachedPlan(keyOf('d', false), folder, () => planOf(10))
  expect(filesOf()).toEqual([])
})

const whole = async (name: string): Promise<Buffer> => {
  await get(name, () => planOf(100))
  restart()
  return readFileSync(pathOf(name))
}

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
  ['empty', () => Buffer.alloc(0)],
  ['shorter than its digest', (bytes: Buffer) => bytes.subarray(0, 20)],
  ['changed in one bit', (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 5 ? byte ^ 1 : byte)))],
  ['something else', () => Buffer.from('#!/bin/sh\necho a file of somebody else that is longer than the header\n')],
] as const)('an entry that is %s is built again and replaced', async (_, damage) => {
  const bytes = await whole('e')
  writeFileSync(pathOf('e'), damage(bytes))
  expect((await get('e', () => planOf(100))).origin).toBe('built')
  restart()
  expect(await get('e', never)).toEqual({ plan: planOf(100), origin: 'disk' })
})

test('an entry under the name of another is not taken', async () => {
  writeFileSync(pathOf('g'), await whole('f'))
  expect((await get('g', () => planOf(1))).origin).toBe('built')
})

test('what was not used for the longest time is removed, the new entry never', async () => {
  const cache = { folder, maxBytes: 2500 }
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)
  for (const name of ['old', 'middle']) await get(name, () => planOf(1000), cache)
  utimesSync(pathOf('old'), minutesAgo(9), minutesAgo(9))
  utimesSync(pathOf('middle'), minutesAgo(5), minutesAgo(5))
  restart()
  await get('old', never, cache)
  await get('new', () => planOf(1000), cache)
  expect(filesOf()).toEqual([`${keyOf('new').key}.plan`, `${keyOf('old').key}.plan`])
  await get('huge', () => planOf(9000), cache)
  expect(filesOf()).toHaveLength(2)
})

test('what others left unfinished is removed when it is old, other files never', async () => {
  const [fresh, stale, other] = ['x.part', 'y.part', 'notes.txt'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [fresh, stale, other]) writeFileSync(path, 'x')
  for (const path of [stale, other]) utimesSync(path, new Date(0), new Date(0))
  await get('h', () => planOf(10))
  expect(filesOf()).toEqual([`${keyOf('h').key}.plan`, 'notes.txt', 'x.part'].sort())
})

test('many writers at once leave one whole entry', async () => {
  await Promise.all(Array.from({ length: 20 }, () => cachedPlan(keyOf('i'), folder, () => planOf(50_000)).then(() => undefined)))
  restart()
  expect((await get('i', never)).origin).toBe('disk')
  expect(filesOf()).toHaveLength(1)
})

test('a folder that cannot be made is an error, one that cannot be written is none', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(get('j', () => planOf(1), file)).rejects.toBeInstanceOf(ArgumentError)
  await expect(get('j', () => planOf(1), '')).rejects.toBeInstanceOf(ArgumentError)
  await expect(get('j', () => planOf(1), { folder, maxBytes: 0 })).rejects.toBeInstanceOf(ArgumentError)
  // A folder in the place of the entry: even root cannot write there.
  mkdirSync(pathOf('k'))
  expect((await get('k', () => planOf(1))).origin).toBe('built')
  expect(statSync(pathOf('k')).isDirectory()).toBe(true)
  expect(filesOf().filter((name) => name.endsWith('.part'))).toEqual([])
})

test('memory keeps what was used last', async () => {
  const large = 40 * 2 ** 20
  for (const name of ['l', 'm', 'n']) await remembered(name, () => planOf(large))
  expect((await remembered('l', never)).origin).toBe('memory')
  await remembered('o', () => planOf(large))
  expect((await remembered('l', never)).origin).toBe('memory')
  expect((await remembered('m', () => planOf(1))).origin).toBe('built')
  forgetPlans()
})
