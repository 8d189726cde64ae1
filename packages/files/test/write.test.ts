import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WriteError, writeAtomicallyOrThrow } from '../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('writeAtomically', () => {
  it('makes folders, writes pieces in turn, replaces the old content and leaves nothing else', async () => {
    const path = join(folder, 'deep/er/file.txt')
    await writeAtomicallyOrThrow(path, 'old')
    await writeAtomicallyOrThrow(path, [Buffer.from('ne'), Buffer.from('w')])
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(join(folder, 'deep/er'))).toEqual(['file.txt'])
  })

  it('keeps the old content and no temporary file when it cannot write', async () => {
    const path = join(folder, 'kept/file.txt')
    await writeAtomicallyOrThrow(path, 'old')
    const broken = [Buffer.from('half'), 7 as unknown as Uint8Array]
    await expect(writeAtomicallyOrThrow(path, broken)).rejects.toBeInstanceOf(WriteError)
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(join(folder, 'kept'))).toEqual(['file.txt'])
  })

  it('names the path when a folder is a file', async () => {
    await writeFile(join(folder, 'plain'), '')
    await expect(writeAtomicallyOrThrow(join(folder, 'plain/x'), '')).rejects.toMatchObject({
      tag: 'WriteError',
      path: join(folder, 'plain/x'),
    })
  })
})
