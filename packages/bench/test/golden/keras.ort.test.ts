import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isKerasFixture } from '../../src/golden/keras/fixture.ts'
import type { KerasFixture } from '../../src/golden/keras/fixture.ts'
import { replayKeras } from '../../src/golden/keras/replay.ts'
import { activationsIn, callsIn, solverIn } from '../../src/golden/keras/note.ts'

const read = async (example: string): Promise<KerasFixture> => {
  const path = fileURLToPath(new URL(`../../../../examples/${example}/data/penguins.json`, import.meta.url))
  const file: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!isKerasFixture(file)) throw new Error(`${path} is not a record of Keras`)
  return file
}

describe('replayKeras', () => {
  it.each(['simple-net', 'exponential-decay'])('meets the record of %s', async (example) => {
    const results = await replayKeras(await read(example), example)
    expect(results.map(({ status, reason }) => reason ?? status)).toEqual(results.map(() => 'passed'))
    expect(results.length).toBe(example === 'simple-net' ? 4 : 2)
  })

  it('fails on a record that was changed', async () => {
    const fixture = await read('simple-net')
    const epochLoss = fixture.epochLoss.map((loss, i) => (i === 4 ? loss * 1.001 : loss))
    const [first] = await replayKeras({ ...fixture, epochLoss }, 'changed')
    expect(first).toEqual({ name: 'changed/epochLoss', status: 'failed', reason: 'differs by 1.0e-3, allowed are 1e-4' })
  })

  it('answers unknown when the note cannot be read', async () => {
    const fixture = await read('simple-net')
    expect((await replayKeras({ ...fixture, note: 'Dense(10, relu) -> Dense(1, sigmoid), Mystery(0.1)' }, 'x'))[0]?.status).toBe('unknown')
    expect((await replayKeras({ ...fixture, note: 'Dense(1, sigmoid), Adam(0.1)' }, 'x'))[0]?.status).toBe('unknown')
    expect((await replayKeras({ ...fixture, note: 'Dense(10, odd) -> Dense(1, sigmoid), Adam(0.1)' }, 'x'))[0]?.status).toBe('unknown')
  })
})

describe('notes', () => {
  it('give calls', () =>
    expect(callsIn('SGD(0.01, momentum=0.9, nesterov=True), then')).toEqual([
      { name: 'SGD', values: [0.01], named: { momentum: 0.9, nesterov: true } },
    ]))
  it('give activations', () => expect(activationsIn('Dense(32, relu) x2 -> Dense(3)')).toEqual(['relu', 'relu', 'linear']))
  it('give the rate, from the schedule where there is one', () => {
    expect(solverIn('RMSprop(0.002)')?.rate).toBe(0.002)
    expect(solverIn('Adam with ExponentialDecay(0.1, decay_steps=100, decay_rate=0.96)')?.rate).toBe(0.1)
    expect(solverIn('AdamW')?.rate).toBe(0.001)
  })
})

describe('isKerasFixture', () => {
  it('tells them from other files', () => {
    expect(isKerasFixture({ format: 'optax-loss/1', cases: [] })).toBe(false)
    expect(isKerasFixture(null)).toBe(false)
  })
})
