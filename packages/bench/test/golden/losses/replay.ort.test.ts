import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { replayLosses } from '../../../src/golden/losses/replay.ts'
import type { CaseResult } from '../../../src/golden/result.ts'

type Fixture = { readonly cases: readonly Record<string, unknown>[] }

const read = async (): Promise<Fixture> => JSON.parse(await readFile(new URL('fixtures/optax.json', import.meta.url), 'utf8')) as Fixture

const replayed = async (fixture: Fixture): Promise<CaseResult[]> => {
  const results: CaseResult[] = []
  for await (const result of replayLosses(fixture)) results.push(result)
  return results
}

describe('replayLosses', () => {
  test('meets what optax computes, value and gradient', async () => {
    const results = await replayed(await read())
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(results.length).toBeGreaterThan(50)
  })

  test('fails where a number is wrong, and answers unknown to a name without a counterpart', async () => {
    const [first] = (await read()).cases as [Record<string, unknown>]
    const [right, value, slope, other] = await replayed({
      cases: [
        first,
        { ...first, f64: (first['f64'] as number[][]).map((row) => row.map((element) => element + 1e-6)) },
        { ...first, grad: (first['grad'] as number[][]).map((row) => row.map((element) => element * 1.0001)) },
        { ...first, fn: 'unheard_of_loss' },
      ],
    })
    expect([right, value, slope, other].map((result) => result?.status)).toEqual(['passed', 'failed', 'failed', 'unknown'])
    expect(value?.reason).toMatch(/^float64: value\[0\]: expected/)
    expect(slope?.reason).toMatch(/^float64: gradient\[\d+\]: expected/)
  })
})
