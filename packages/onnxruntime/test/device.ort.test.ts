import { isLeft } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { compile, compileOrThrow, DeviceUnavailableError, probeDevice } from '@grad-ts/onnxruntime'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { mul, tensor, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

const double = (x: Tensor): Tensor => mul(x, 2)

test('the cpu always starts', async () => {
  expect(await probeDevice('cpu')).toBeUndefined()
})

test('auto takes a device that starts', async () => {
  await using program = await compileOrThrow(double, [tensor([1, 2])], { device: 'auto' })
  expect(toArray(await program.runOrThrow(tensor([1, 2])))).toEqual([2, 4])
})

test.each([
  ['cuda', /NVIDIA driver.*onnxruntime-node-install=cuda12/],
  ['webgpu', /libvulkan1/],
] as const)('%s that does not start says what is missing and how to get it', async (device: ConcreteDevice, hint) => {
  const missing = await probeDevice(device)
  if (missing === undefined) return console.warn(`${device} starts on this machine: its error is not tested`)
  const result = await compile(double, [tensor([1, 2])], { device })()
  expect(isLeft(result) && result.left).toBeInstanceOf(DeviceUnavailableError)
  expect(missing.message).toMatch(hint)
  expect(missing.message).toMatch(new RegExp(`^device '${device}' does not start: .+`))
})
