import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tensor, toArray, zeros } from '@grad-ts/tensor'
import { DataError, loadTensorsOrThrow, saveTensorsOrThrow } from '../../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'write-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('saveTensors and loadTensors', () => {
  const params = { layers: [{ w: tensor([[1, 2]]) }, { w: tensor([[3]]), b: tensor([4]) }] }

  it('give the tree back', async () => {
    const path = join(folder, 'model.safetensors')
    await saveTensorsOrThrow(path, params)
    const loaded = await loadTensorsOrThrow(path, params)
    expect(toArray(loaded.layers[1]?.w as never)).toEqual([[3]])
  })

  it('refuse another model, with the name of the tensor', async () => {
    const path = join(folder, 'other.safetensors')
    await saveTensorsOrThrow(path, params)
    await expect(loadTensorsOrThrow(path, { v: zeros([2]) })).rejects.toThrow("it has no tensor 'v'; it belongs to another model")
    await expect(loadTensorsOrThrow(path, { layers: [{ w: zeros([2, 1]) }] })).rejects.toThrow(
      "'layers.0.w' is float32[1, 2], the model expects float32[2, 1]",
    )
    await expect(loadTensorsOrThrow(path, { layers: [{ w: zeros([1, 2]) }] })).rejects.toThrow(
      'it has tensors that the model lacks: layers.1.b, layers.1.w',
    )
    await expect(loadTensorsOrThrow(join(folder, 'none'), params)).rejects.toBeInstanceOf(DataError)
  })
})
