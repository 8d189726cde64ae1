import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayFile } from '../../src/golden/replay-file.ts'
import { formatOf } from '../../src/golden/replayers.ts'
import { count, linesOf, none } from '../../src/golden/result.ts'
import type { CaseResult } from '../../src/golden/result.ts'
import { filesBelow } from '../../src/golden/walk.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'golden-'))
})
afterAll(() => rm(folder, { recursive: true }))

const written = async (name: string, content: unknown): Promise<string> => {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const lrs = [0.4, 0.4, 0.2, 0.2, 0.1]
const stepLR = { name: 'lr/step', scheduler: 'StepLR', args: { step_size: 2, gamma: 0.5 }, lr: 0.4, lrs }
const schedulers = (...cases: readonly object[]) => ({ format: 'torch-lr/1', cases })
const statuses = async (path: string): Promise<string[] | undefined> => (await replayFile(path)).cases?.map(({ status }) => status)

describe('replayFile', () => {
  test('passes right numbers and catches a wrong one', async () => {
    const wrong = { ...stepLR, lrs: [0.4, 0.4, 0.2, 0.2, 0.1000001] }
    expect(await statuses(await written('right.json', schedulers(stepLR, wrong)))).toEqual(['passed', 'failed'])
  })

  test('reports what it does not know', async () => {
    const unknown = [
      { ...stepLR, scheduler: 'LambdaLR' },
      { ...stepLR, args: { ...stepLR.args, strange: 1 } },
    ]
    expect(await statuses(await written('unknown.json', schedulers(...unknown)))).toEqual(['unknown', 'unknown'])
    expect(await statuses(await written('format.json', { format: 'torch-dance/1', cases: [] }))).toEqual(['unknown'])
  })

  test('follows an optimizer of PyTorch and catches a wrong parameter', async () => {
    const sgd = (last: number) => ({
      name: 'sgd/momentum',
      optimizer: 'SGD',
      args: { lr: 0.5, momentum: 0.5 },
      inputs: 'one',
      steps: 2,
      f64: { params: [{ w: [0.5] }, { w: [last] }] },
    })
    const inputs = { one: { params: { w: [1] }, grads: [{ w: [1] }, { w: [1] }] } }
    const path = await written('sgd.json', {
      format: 'torch-trajectory/1',
      source: { version: '2.1' },
      inputs,
      cases: [sgd(-0.25), sgd(-0.26)],
    })
    expect(await statuses(path)).toEqual(['passed', 'failed'])
  })

  test('leaves out what is no fixture', async () => {
    for (const content of ['no JSON', [1, 2], { format: 'none' }, {}]) {
      const path = await written('other.json', content)
      expect(await replayFile(path)).toEqual({ path })
    }
  })

  test('knows files without a format by what they hold', () => {
    expect(formatOf({ kind: 'onnx', format: 1 })).toBe('onnx')
    expect(formatOf({ note: '', keras: '3', batchSize: 1, epochs: 1, x: [], y: [], initialWeights: [], epochLoss: [] })).toBe('keras')
  })
})

test('filesBelow lists folders in order and takes a single file', async () => {
  const paths = [await written('tree/a/2.json', {}), await written('tree/b.json', {}), await written('tree/c/1.json', {})]
  expect(await filesBelow(join(folder, 'tree'))).toEqual(paths)
  expect(await filesBelow(paths[1] as string)).toEqual([paths[1]])
})

test('the report names failures one by one and groups what was skipped', () => {
  const cases: CaseResult[] = [
    { name: 'a', status: 'passed' },
    { name: 'b', status: 'failed', reason: 'too large' },
    { name: 'c', status: 'unknown', reason: 'no such name' },
    { name: 'd', status: 'skipped', reason: 'later' },
    { name: 'e', status: 'skipped', reason: 'later' },
  ]
  expect(linesOf('f.json', cases)).toEqual([
    'failed f.json b: too large',
    'unknown f.json c: no such name',
    'skipped f.json: 2 cases: later',
  ])
  expect(cases.reduce(count, none)).toEqual({ passed: 1, failed: 2, skipped: 2 })
})
