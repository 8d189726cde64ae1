import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dense, meanSquaredError } from '@grad-ts/nn'
import { adam, sgd } from '@grad-ts/optim'
import { key, scalar, toArray, zeros } from '@grad-ts/tensor'
import { evaluateOrThrow, fit, fitOrThrow, fromColumns, loadCheckpoint, loadCheckpointOrThrow } from '../../src/index.ts'
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

const resume = async (folder: string, changes: object = {}, how: CheckpointOptions['resume'] | 'overwrite' | undefined = 'latest') => {
  const existing = how === 'overwrite' ? { overwrite: true } : { resume: how }
  const starts: number[] = []
  const observers = [(event: TrainEvent) => void (event.tag === 'started' && starts.push(event.step))]
  const result = await fit({ ...settings, epochs: 4, observers, ...changes, checkpoint: { folder, ...existing } } as never)()
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
    expect(await resume(folder, {}, 'overwrite')).toBe(0)
    expect((await readdir(folder)).toSorted()[2]).toBe('step-000000016.json')
  })

  it('are not touched by a run that says nothing of them', async () => {
    const folder = await copy()
    const before = await readdir(folder)
    const refused = await fit({ ...settings, epochs: 1, checkpoint: { folder } })()
    expect(refused._tag === 'Left' && refused.left).toMatchObject({ tag: 'CheckpointError', reason: 'occupied', path: folder })
    expect(refused._tag === 'Left' && refused.left.message.slice(folder.length)).toMatchInlineSnapshot(
      `": it holds checkpoints of an earlier run, the newest of step 12; go on from it with resume: 'latest', delete it with overwrite: true, or give this run another folder"`,
    )
    expect(await readdir(folder)).toEqual(before)
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
    expect(await readdir(folder)).toContain(`${newest}.safetensors.damaged`)
  })

  it('nor any other: there is no last good one', async () => {
    const folder = await copy()
    for (const name of ['step-000000008', newest]) await truncate(join(folder, `${name}.safetensors`), 100)
    expect(await resume(folder, {}, 'lastGood')).toMatchObject({ reason: 'damaged' })
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

describe('keepBest', () => {
  // Validated against targets that the model moves away from: an early epoch is the best.
  const { x } = linearData(20, 1).rows(Int32Array.from({ length: 20 }, (_, i) => i))
  const wrong = fromColumns({ x, y: zeros([20, 1]) })

  it('keeps the checkpoint of the best epoch beside the newest, also after a resume', async () => {
    const folder = join(root, 'best')
    const run = (epochs: number) =>
      fitOrThrow({
        ...settings,
        validation: { data: wrong },
        epochs,
        checkpoint: { folder, keep: 1, keepBest: { monitor: 'validation.loss' }, resume: 'latest' },
      })
    await run(4)
    const { history } = await run(9)
    const losses = history.epochs.map(({ validation }) => validation?.loss ?? NaN)
    const best = history.epochs[losses.indexOf(Math.min(...losses))]
    expect(best?.epoch).toBeLessThan(4)
    const steps = (await readdir(folder)).filter((file) => file.endsWith('.json')).toSorted()
    expect(steps).toEqual([`step-${String(best?.step).padStart(9, '0')}.json`, 'step-000000036.json'])
    const loaded = await loadCheckpointOrThrow(folder, { params: smallModel.init(key(0)), which: 'best' })
    expect(loaded.epochs.at(-1)?.validation?.loss).toBe(Math.min(...losses))
    expect((await evaluateOrThrow({ ...settings, params: loaded.params, data: wrong })).loss).toBeCloseTo(Math.min(...losses), 5)
  })
})

describe('loadCheckpoint', () => {
  const params = smallModel.init(key(0))

  it('reads the parameters of a step', async () => {
    const run = await fitOrThrow({ ...settings, epochs: 3 })
    const newestOne = await loadCheckpointOrThrow(good, { params })
    expect([newestOne.step, newestOne.epoch]).toEqual([12, 3])
    expect(toArray(newestOne.params.hidden.kernel)).toEqual(toArray(run.params.hidden.kernel))
    expect((await loadCheckpointOrThrow(good, { params, which: 8 })).epochs.length).toBe(2)
  })

  it('says what is missing', async () => {
    const failure = async (...args: Parameters<typeof loadCheckpoint>): Promise<unknown> => {
      const result = await loadCheckpoint(...args)()
      return result._tag === 'Left' ? result.left : 'it succeeded'
    }
    expect(await failure(join(root, 'nowhere'), { params })).toMatchObject({ reason: 'missing' })
    expect(await failure(good, { params, which: 'best' })).toMatchObject({ reason: 'missing' })
    expect(await failure(good, { params, which: 4 })).toMatchObject({ reason: 'missing' })
    expect(await failure(good, { params: { w: scalar(0) } })).toMatchObject({ reason: 'model' })
  })
})
