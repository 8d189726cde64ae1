import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { checkpoint, grad } from '@grad-ts/autodiff'
import { toModel } from '@grad-ts/onnx'
import { matmul, ones, square, sum, tanh, trace } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

type Block = (x: Tensor, w: Tensor) => Tensor

const block: Block = (x, w) => tanh(matmul(tanh(matmul(x, w)), w))

/** How many Tanh nodes the runtime runs for the gradient of three blocks, after all its optimizations. */
const tanhNodes = async (apply: Block): Promise<number> => {
  const loss = (w: Tensor, x: Tensor): Tensor => sum(square(apply(apply(apply(x, w), w), w)))
  const model = toModel(
    trace((w: Tensor, x: Tensor) => grad(loss)(w, x), [ones([4, 4]), ones([8, 4])]),
    { target: 'cpu' },
  )
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'))
  try {
    const optimizedModelFilePath = join(folder, 'optimized.onnx')
    const session = await InferenceSession.create(model, { optimizedModelFilePath, graphOptimizationLevel: 'all', logSeverityLevel: 3 })
    await session.release()
    // The op type of a node: field 4, four bytes long.
    return readFileSync(optimizedModelFilePath).toString('latin1').split('"\x04Tanh').length - 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the runtime does not merge what a checkpoint computes again with the first computation', async () => {
  expect(await tanhNodes(block)).toBe(6)
  expect(await tanhNodes(checkpoint(block))).toBe(12)
})
