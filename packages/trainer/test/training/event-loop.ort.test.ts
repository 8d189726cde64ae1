import { expect, it } from 'vitest'
import { dense, meanSquaredError, relu, sequential } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { zeros } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fitOrThrow, fromColumns } from '../../src/index.ts'

it('lets timers go on while a step computes', async () => {
  const data = fromColumns({ x: zeros([512, 1024]) as Constant, y: zeros([512, 1]) as Constant })
  const model = sequential(dense({ in: 1024, out: 2048 }), relu, dense({ in: 2048, out: 1 }))
  let ticks = 0
  const counter = setInterval(() => (ticks += 1), 1)
  let during = 0
  await fitOrThrow({
    model,
    loss: meanSquaredError,
    data,
    solver: sgd({ learningRate: 0.1 }),
    steps: 20,
    batchSize: 512,
    stepsPerRun: 10,
    // Counted from the first report to the second: ten updates in one run of the program.
    observers: [
      (event) => {
        if (event.tag !== 'step') return
        if (event.step === 10) ticks = 0
        if (event.step === 11) during = ticks
      },
    ],
  })
  clearInterval(counter)
  expect(during).toBeGreaterThan(3)
})
