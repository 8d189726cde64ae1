import { InferenceSession, Tensor as Value } from 'onnxruntime-node'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { cutAt, toOnnxOrThrow } from '../../src/index.ts'
import { random } from '../import/build.ts'
import { constantOf } from '../import/run.ts'
import { changed, flat, readNetwork, withAdapters, withHead } from './network.ts'

const values = random([2, 2, 4, 4], 9)

const runPlain = async (bytes: Uint8Array): Promise<number[]> => {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
  const results = await session.run({ x: new Value('float32', Float32Array.from(values.data), values.shape) })
  await session.release()
  return Array.from((results[session.outputNames[0] as string] as Value).data as Float32Array)
}

const close = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got.length).toBe(wanted.length)
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 5))
}

describe('a plain session runs what was written', () => {
  it.each([9, 12, 17, 18, 21])('with a new head, operator set %i', async (opset) => {
    const head = withHead(opset)
    const trained = changed(head.params, 0.5)
    close(await runPlain(toOnnxOrThrow(head, trained)), flat(head.apply(trained, { x: constantOf(values) })['y'] as Tensor))
  })

  it('with adapters beside the weights, or multiplied into them', async () => {
    const source = readNetwork()
    const { adapters, apply, merged } = withAdapters(source)
    const wanted = flat(apply(constantOf(values)))
    close(await runPlain(toOnnxOrThrow(source, {}, { adapters })), wanted)
    close(await runPlain(toOnnxOrThrow(source, merged)), wanted)
  })

  it('cut at an inner tensor', async () => {
    const cut = cutAt(readNetwork(), 'features')
    close(await runPlain(toOnnxOrThrow(cut, cut.params)), flat(cut.apply({}, { x: constantOf(values) })['features'] as Tensor))
  })
})
