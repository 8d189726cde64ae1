import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { replayGradients } from '../../../src/golden/gradients/replay.ts'
import type { GradientCase } from '../../../src/golden/gradients/fixture.ts'

const { cases } = JSON.parse(readFileSync(new URL('fixtures/torch.json', import.meta.url), 'utf8')) as { cases: readonly GradientCase[] }

const replayed = async (chosen: readonly unknown[]): Promise<readonly string[]> => {
  const lines: string[] = []
  for await (const { name, status, reason } of replayGradients({ cases: chosen }))
    if (status !== 'passed') lines.push(`${status} ${name}: ${reason}`)
  return lines
}

test(
  'functions, gradients and second derivatives agree with PyTorch in the interpreter and on ONNX Runtime',
  { timeout: 120_000 },
  async () => {
    expect(cases.length).toBeGreaterThan(1000)
    expect(await replayed(cases)).toEqual([])
  },
)

const square: GradientCase = {
  name: 'square',
  code: 'out = x * x',
  inputs: { x: [1, 2] },
  shapes: { x: [2] },
  wrt: ['x'],
  out: [[1, 4]],
  out_shapes: [[2]],
  cotangent: [[1, 1]],
  grads: { x: [2, 4] },
  vector: { x: [1, 0] },
  hvp: { x: [2, 0] },
}

test('a wrong value, gradient or second derivative fails, and a name that is not known is told apart', async () => {
  expect(await replayed([square])).toEqual([])
  expect(await replayed([{ ...square, out: [[1, 4.0000002]] }])).toEqual(['failed square: float64: output 0[1]: expected 4.0000002, got 4'])
  expect(await replayed([{ ...square, grads: { x: [2, 5] } }])).toEqual(['failed square: float64: gradient of x[1]: expected 5, got 4'])
  expect(await replayed([{ ...square, hvp: { x: [3, 0] } }])).toEqual([
    'failed square: float64: second derivative of x[0]: expected 3, got 2',
  ])
  expect(await replayed([{ ...square, code: 'out = torch.unheard_of(x)' }])).toEqual(["unknown square: torch has no 'unheard_of' here"])
})
