import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { examples } from './examples.ts'
import type { Example } from './example.ts'
import { bytesOf, feedsOf, interpretExample, outputNames, titleOf } from './run.ts'

const runtime = async (example: Example): Promise<Record<string, Tensor>> => {
  const session = await InferenceSession.create(bytesOf(example), { logSeverityLevel: 4 })
  const feeds = Object.entries(feedsOf(example)).map(([name, { shape, data }]) => [
    name,
    new Tensor('float32', Float32Array.from(data), shape),
  ])
  const results = await session.run(Object.fromEntries(feeds))
  await session.release()
  return results as Record<string, Tensor>
}

describe('reading agrees with ONNX Runtime', () => {
  it.each(examples.flatMap((example, i) => (example.withoutRuntime === true ? [] : [[titleOf(example, i), example] as const])))(
    '%s',
    async (_, example) => {
      const wanted = await runtime(example)
      const got = interpretExample(example)
      for (const name of outputNames(example)) {
        const { dims, data } = wanted[name] as Tensor
        expect(got[name]?.shape).toEqual(dims)
        const values = Array.from(data as ArrayLike<number | bigint>, Number)
        const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs))
        Array.from(got[name]?.attributes.data ?? []).forEach((value, i) => {
          if (Number.isFinite(values[i])) expect(Math.abs(value - (values[i] as number)) / scale, `${name}[${i}]`).toBeLessThan(2e-5)
          else expect(value).toBe(values[i])
        })
      }
    },
  )
})
