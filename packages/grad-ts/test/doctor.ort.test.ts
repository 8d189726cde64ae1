import { describe, expect, it } from 'vitest'
import * as gradTs from '../src/index.ts'
import { checkDevice, doctor } from '../src/doctor.ts'

describe('doctor', () => {
  it('finds that the CPU computes', async () => {
    const { lines, healthy } = await doctor()
    expect(healthy).toBe(true)
    expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['node', 'machine', 'cpu', 'cuda', 'webgpu']))
  })

  it('tells what to try where a device does not start', async () => {
    const check = await checkDevice('cuda')
    expect(check.works || check.detail.length > 20).toBe(true)
  })
})

describe('the umbrella', () => {
  it('holds every package', () =>
    expect(Object.keys(gradTs).sort().join(' ')).toBe('autodiff files nn onnx onnxruntime optim tensor trainer transformers tree'))
})
