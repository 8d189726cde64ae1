import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = `
import { adam, applyUpdates } from '@grad-ts/optim'
import { evaluate, tensor, toArray } from '@grad-ts/tensor'
const solver = adam({ learningRate: 0.5, eps: 0 })
const params = { w: tensor([1]) }
const [updates] = solver.update({ w: tensor([4]) }, solver.init(params), { params })
const loaded = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
console.log(JSON.stringify({ w: toArray(evaluate(applyUpdates(params, updates)).w), loaded }))
`

test('optim and tensor alone train plain arrays without a native library', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder, encoding: 'utf8' })
  const { w, loaded } = JSON.parse(output) as { w: number[]; loaded: string[] }
  expect(w[0]).toBeCloseTo(0.5, 5)
  expect(loaded).toEqual([])
})
