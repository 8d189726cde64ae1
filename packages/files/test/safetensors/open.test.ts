import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tensor, toArray } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import {
  decodeSafetensors,
  encodeSafetensors,
  FileError,
  openSafetensors,
  openSafetensorsOrThrow,
  openShardsOrThrow,
  SafetensorsError,
} from '../../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, tensors: Readonly<Record<string, Constant>>): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, Buffer.concat(encodeSafetensors(tensors, { format: 'pt' })))
  return path
}

const messageOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'it was accepted',
    (error: Error) => error.message,
  )

describe('openSafetensors', () => {
  it('gives every tensor as the whole file decoded would', async () => {
    const path = fileURLToPath(new URL('../fixtures/reference.safetensors', import.meta.url))
    const { readFile } = await import('node:fs/promises')
    const whole = decodeSafetensors(await readFile(path))
    if (isLeft(whole)) throw whole.left
    const file = await openSafetensorsOrThrow(path)
    expect([...file.tensors.keys()].sort()).toEqual(Object.keys(whole.right.tensors).sort())
    for (const [name, expected] of Object.entries(whole.right.tensors)) expect(await file.readOrThrow(name)).toEqual(expected)
    expect(file.metadata).toEqual(whole.right.metadata)
    await file.close()
  })

  it('converts tensors that are longer than a piece', async () => {
    const count = 2 ** 21 + 12_345
    const halves = tensor(
      Float32Array.from({ length: count }, (_, i) => (i % 2048) - 1024),
      { dtype: 'float16' },
    )
    const path = await write('long.safetensors', { halves })
    await using file = await openSafetensorsOrThrow(path)
    expect(file.tensors.get('halves')).toMatchObject({ code: 'F16', shape: [count] })
    const { attributes, dtype } = await file.readOrThrow('halves')
    expect(dtype).toBe('float16')
    expect(Buffer.compare(Buffer.from(attributes.data.buffer), Buffer.from(halves.attributes.data.buffer))).toBe(0)
  })

  it('says what is wrong, and with which file', async () => {
    const nowhere = join(folder, 'none.safetensors')
    const missing = await openSafetensors(nowhere)()
    expect(isLeft(missing) && missing.left).toMatchObject({ tag: 'FileError', path: nowhere, missing: true })
    const path = await write('w.safetensors', { w: tensor([1, 2]) })
    await using file = await openSafetensorsOrThrow(path)
    expect(await messageOf(file.readOrThrow('v'))).toBe(`${path}: not a valid safetensors file: it has no tensor 'v'`)
    const short = join(folder, 'short.safetensors')
    await writeFile(short, Buffer.from([1, 2, 3]))
    await expect(openSafetensorsOrThrow(short)).rejects.toBeInstanceOf(SafetensorsError)
    await expect(openSafetensorsOrThrow(folder)).rejects.toBeInstanceOf(FileError)
    const greedy = join(folder, 'greedy.safetensors')
    await writeFile(greedy, Buffer.from([255, 255, 255, 255, 255, 255, 15, 0, 123, 125]))
    expect(await messageOf(openSafetensorsOrThrow(greedy))).toMatch('its header claims 4503599627370495 bytes, the file has 2 more')
  })
})

describe('openShards', () => {
  const index = async (name: string, map: unknown): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, JSON.stringify({ metadata: { total_size: 8 }, weight_map: map }))
    return path
  }

  it('reads each tensor from its file, through links too', async () => {
    await write('blob', { a: tensor([1]) })
    await symlink(join(folder, 'blob'), join(folder, 'one.safetensors'))
    await write('two.safetensors', { b: tensor([2]), c: tensor([3]) })
    await using file = await openShardsOrThrow(
      await index('both.json', { a: 'one.safetensors', b: 'two.safetensors', c: 'two.safetensors' }),
    )
    expect(await Promise.all(['a', 'b', 'c'].map(async (name) => toArray(await file.readOrThrow(name))))).toEqual([[1], [2], [3]])
  })

  it.each(['../one.safetensors', '/etc/one.safetensors', 'sub/one.safetensors', '..\\one.safetensors', 'C:one.safetensors', 'passwd', ''])(
    'refuses the shard %j',
    async (name) => {
      expect(await messageOf(openShardsOrThrow(await index('bad.json', { a: name })))).toMatch(
        `the index puts 'a' into '${name}'; expected the name of a .safetensors file in the folder of the index`,
      )
    },
  )

  it('says which shard is missing, and which tensor', async () => {
    expect(await messageOf(openShardsOrThrow(await index('gone.json', { a: 'gone.safetensors' })))).toMatch(
      'gone.safetensors: no such file',
    )
    await write('here.safetensors', { a: tensor([1]) })
    expect(await messageOf(openShardsOrThrow(await index('less.json', { b: 'here.safetensors' })))).toMatch(
      "the index puts 'b' into here.safetensors, which has no such tensor",
    )
    expect(await messageOf(openShardsOrThrow(await index('odd.json', { a: 1 })))).toMatch("the index needs a 'weight_map'")
    await writeFile(join(folder, 'text.json'), '{')
    expect(await messageOf(openShardsOrThrow(join(folder, 'text.json')))).toMatch('the index is not JSON')
  })
})
