import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dense, meanSquaredError } from '@grad-ts/nn'
import { adam, sgd } from '@grad-ts/optim'
import { fit, fitOrThrow } from '../../src/index.ts'
import type { CheckpointOptions, TrainEvent } from '../../src/index.ts'
import { linearData, smallModel } from '../training/problems.ts'

let root = ''
let good = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoints-'))
  good = join(root, 'good')
  await fitOrThrow({ ...settings, epochs: 3, checkpoint: { folder: good } })
})
afterAll(() => rm(root, { recursive: true }))

const settings = {
  model: smallModel,
  loss: meanSquaredError,
  data: linearData(20),
  solver: adam({ learningRate: 0.01 }),
  batchSize: 5,
  device: 'interpreter',
} as const

let copies = 0
/** A copy of the good folder, to be damaged. */
const copy = async (): Promise<string> => {
  const folder = join(root, `copy-${copies++}`)
  await cp(good, folder, { recursive: true })
  return folder
}

const newest = 'step-000000012'

const resume = async (folder: string, changes: object = {}, how: CheckpointOptions['resume'] = 'latest') => {
  const starts: number[] = []
  const observers = [(event: TrainEvent) => void (event.tag === 'started' && starts.push(event.step))]
  const result = await fit({ ...settings, epochs: 4, observers, ...changes, checkpoint: { folder, resume: how } } as never)()
  return result._tag === 'Left' ? result.left : starts[0]
}

describe('checkpoints', () => {
  it('keep the newest ones', async () =>
    expect((await readdir(good)).sort()).toEqual([
      'step-000000008.json',
      'step-000000008.safetensors',
      `${newest}.json`,
      `${newest}.safetensors`,
    ]))

  it('let a run go on, and then it is the run that was not interrupted', async () => {
    const folder = await copy()
    const resumed = await fitOrThrow({ ...settings, epochs: 5, checkpoint: { folder, resume: 'latest' } })
    const whole = await fitOrThrow({ ...settings, epochs: 5 })
    expect(resumed.loss).toEqual(whole.loss)
    expect(JSON.stringify(resumed.state)).toBe(JSON.stringify(whole.state))
    expect(resumed.history.epochs.map(({ loss }) => loss)).toEqual(whole.history.epochs.map(({ loss }) => loss))
  })

  it('start anew where there is none, and when asked', async () => {
    expect(await resume(join(root, 'empty'))).toBe(0)
    const folder = await copy()
    expect(await resume(folder, {}, 'never')).toBe(0)
    expect((await readdir(folder)).filter((file) => file.startsWith(newest)).length).toBe(2)
  })

  it('sweep away what a killed run left', async () => {
    const folder = await copy()
    await writeFile(join(folder, '.step-000000016.json.123.4.tmp'), '{')
    await writeFile(join(folder, 'step-000000016.safetensors'), 'half')
    await writeFile(join(folder, 'notes.txt'), 'mine')
    expect(await resume(folder)).toBe(12)
    expect(await readdir(folder)).not.toContain('.step-000000016.json.123.4.tmp')
    expect(await readdir(folder)).toContain('notes.txt')
  })
})

describe('a checkpoint that cannot be used', () => {
  it('truncated', async () => {
    const folder = await copy()
    await truncate(join(folder, `${newest}.safetensors`), 100)
    expect(await resume(folder)).toMatchObject({ tag: 'CheckpointError', reason: 'damaged', path: join(folder, `${newest}.safetensors`) })
    expect(await resume(folder, {}, 'lastGood')).toBe(8)
  })

  it('with one bit flipped', async () => {
    const folder = await copy()
    const path = join(folder, `${newest}.safetensors`)
    const bytes = await readFile(path)
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
    await writeFile(path, bytes)
    expect(await resume(folder)).toMatchObject({
      tag: 'CheckpointError',
      reason: 'damaged',
      message: expect.stringContaining('its hash is not the one') as string,
    })
    expect(await resume(folder, {}, 'lastGood')).toBe(8)
  })

  it('without its tensors', async () => {
    const folder = await copy()
    await rm(join(folder, `${newest}.safetensors`))
    expect(await resume(folder)).toMatchObject({ reason: 'damaged' })
  })

  const withManifest = async (change: (text: string) => string): Promise<unknown> => {
    const folder = await copy()
    const path = join(folder, `${newest}.json`)
    await writeFile(path, change(await readFile(path, 'utf8')))
    return resume(folder)
  }

  it('with a manifest that is cut, foreign, of another version, or says nonsense', async () => {
    expect(await withManifest((text) => text.slice(0, 50))).toMatchObject({ reason: 'damaged' })
    expect(await withManifest(() => '{"name":"package"}')).toMatchObject({ reason: 'foreign' })
    expect(await withManifest((text) => text.replace('checkpoint/1', 'checkpoint/9'))).toMatchObject({ reason: 'version' })
    expect(await withManifest((text) => text.replace('"step":12', '"step":"many"'))).toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining('step is "many", expected number') as string,
    })
  })

  it('of another model, solver or order', async () => {
    expect(await resume(await copy(), { model: dense({ in: 3, out: 1 }) })).toMatchObject({ reason: 'model' })
    expect(await resume(await copy(), { solver: sgd({ learningRate: 0.01 }) })).toMatchObject({ reason: 'model' })
    expect(await resume(await copy(), { batchSize: 4 })).toMatchObject({
      reason: 'settings',
      message: expect.stringContaining('batchSize 5, this run has 4') as string,
    })
    expect(await resume(await copy(), { seed: 9 })).toMatchObject({ reason: 'settings' })
  })
})
