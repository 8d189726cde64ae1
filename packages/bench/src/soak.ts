import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { Device } from '@grad-ts/onnxruntime'
import { mlp, small } from './cases/dense.ts'

const megabytes = (): number => Math.round(process.memoryUsage().rss / 2 ** 20)

/** Memory over many steps: the resident size after a tenth of them and at the end. */
export interface MemorySoak {
  readonly soak: 'memory'
  readonly device: Device
  readonly steps: number
  readonly megabytesAfterTenth: number
  readonly megabytesAtEnd: number
}

/** Trains the small case for many steps. */
export const soakMemory = async (device: Device, steps: number): Promise<MemorySoak> => {
  const one = small()
  await using program = await compileStepOrThrow(one.step, one.state, one.batch, { device, threads: 1 })
  let early = 0
  for (let i = 0; i < steps; i++) {
    await program.runOrThrow(one.batch)
    if (i === Math.floor(steps / 10)) early = megabytes()
  }
  return { soak: 'memory', device, steps, megabytesAfterTenth: early, megabytesAtEnd: megabytes() }
}

/** How late a timer of this thread was while a large model trained in the worker. */
export interface TimerSoak {
  readonly soak: 'timer'
  readonly runs: number
  readonly ticks: number
  readonly latestMs: number
}

/** Trains the perceptron in the worker, many steps a run, beside a timer of 50 ms. */
export const soakTimer = async (runs: number): Promise<TimerSoak> => {
  const one = mlp()
  await using program = await compileStepOrThrow(one.step, one.state, one.batch, { worker: true, threads: 1 })
  const late: number[] = []
  let expected = performance.now() + 50
  const timer = setInterval(() => {
    late.push(performance.now() - expected)
    expected = performance.now() + 50
  }, 50)
  for (let i = 0; i < runs; i++) await program.runOrThrow(one.batch)
  clearInterval(timer)
  return { soak: 'timer', runs, ticks: late.length, latestMs: Number(Math.max(...late).toFixed(1)) }
}
