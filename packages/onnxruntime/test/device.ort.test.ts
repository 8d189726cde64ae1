import { spawnSync } from 'node:child_process'
import { isLeft } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { compile, compileOrThrow, DeviceUnavailableError, probeDevice } from '@grad-ts/onnxruntime'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { mul, tensor, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { mayHave } from '../src/hardware.ts'
import type { Machine } from '../src/hardware.ts'

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

const linux = (files: Readonly<Record<string, readonly string[]>>): Machine => ({
  platform: 'linux',
  architecture: 'x64',
  list: (folder) => files[folder] ?? [],
})

test.each([
  ['no GPU', linux({ '/dev': ['null', 'dri'], '/dev/dri': ['card0'] }), []],
  ['a GPU of NVIDIA', linux({ '/dev': ['nvidiactl', 'nvidia0'] }), ['cuda', 'webgpu']],
  ['a GPU inside of Windows', linux({ '/dev': ['dxg'] }), ['cuda', 'webgpu']],
  ['another GPU', linux({ '/dev': ['dri'], '/dev/dri': ['card0', 'renderD128'] }), ['webgpu']],
  ['a GPU beside an Arm processor', { ...linux({ '/dev': ['nvidiactl'] }), architecture: 'arm64' }, ['webgpu']],
  ['a Mac', { ...linux({}), platform: 'darwin' }, ['webgpu']],
] as const)('a machine with %s is asked for what it may have', (_, machine, expected) => {
  expect((['cuda', 'webgpu'] as const).filter((device) => mayHave(device, machine))).toEqual(expected)
  expect(mayHave('cpu', machine)).toBe(true)
})

test.skipIf(mayHave('webgpu'))('auto is silent where there is no GPU', () => {
  const onnxruntime = new URL('../dist/index.js', import.meta.url).href
  const tensors = new URL('../../tensor/dist/index.js', import.meta.url).href
  const script = `
    const { compileOrThrow } = await import('${onnxruntime}')
    const { mul, tensor } = await import('${tensors}')
    await compileOrThrow((x) => mul(x, 2), [tensor([1, 2])], { device: 'auto' })`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 })
})
