import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toArray } from '@grad-ts/tensor'
import { parseIdx, readIdxOrThrow } from '../../src/index.ts'

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 255, 4)

const reason = (bytes: Uint8Array): string => {
  const result = parseIdx(bytes, 'digits.idx')
  return result._tag === 'Left' ? result.left.message : 'it was accepted'
}

describe('parseIdx', () => {
  it('reads shape and elements', () => {
    const result = parseIdx(images)
    expect(result._tag === 'Right' && toArray(result.right)).toEqual([[[1, 2]], [[255, 4]]])
  })

  it('reads big-endian floats', () => {
    const bytes = new Uint8Array(12)
    bytes.set([0, 0, 0x0d, 1, 0, 0, 0, 1])
    new DataView(bytes.buffer).setFloat32(8, -1.5)
    const result = parseIdx(bytes)
    expect(result._tag === 'Right' && toArray(result.right)).toEqual([-1.5])
  })

  it('says what is wrong with a damaged file', () => {
    expect(reason(images.slice(0, -1))).toMatchInlineSnapshot(
      `"digits.idx: its header [2, 1, 2] needs 20 bytes, it has 19; expected an idx file, download it again"`,
    )
    expect(reason(images.slice(0, 9))).toMatchInlineSnapshot(
      `"digits.idx: it ends inside its header, after 9 bytes; expected an idx file, download it again"`,
    )
    expect(reason(Uint8Array.of(31, 139, 8, 0))).toMatchInlineSnapshot(
      `"digits.idx: it does not start with the two zero bytes of the format; expected an idx file, download it again"`,
    )
    expect(reason(Uint8Array.of(0, 0, 7, 1))).toMatchInlineSnapshot(
      `"digits.idx: it has the unknown element type 0x7; expected an idx file, download it again"`,
    )
  })
})

describe('readIdx', () => {
  it('names a missing file', () =>
    expect(readIdxOrThrow('/nowhere/images')).rejects.toMatchObject({ tag: 'DataError', path: '/nowhere/images' }))

  it('reads a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'idx-'))
    await writeFile(join(folder, 'images'), images)
    expect((await readIdxOrThrow(join(folder, 'images'))).shape).toEqual([2, 1, 2])
    await rm(folder, { recursive: true })
  })
})
