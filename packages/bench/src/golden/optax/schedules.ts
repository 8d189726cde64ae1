import { tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { CaseResult } from '../result.ts'
import { differenceOfNumbers, elementsOf } from './compare.ts'
import { scheduleOf } from './names.ts'
import { dtypeOf, runnerFor } from './run.ts'
import { resultOf } from './trajectory.ts'

interface ScheduleFile {
  readonly steps: readonly number[]
  readonly cases: readonly { readonly name: string; readonly schedule: unknown; readonly f64: readonly number[] }[]
}

/** Replays schedules of optax: 1e-9 relative in float64, 1e-6 in float32. */
export async function* replaySchedules({ steps, cases }: ScheduleFile): AsyncIterable<CaseResult> {
  for (const fixture of cases)
    yield await resultOf(fixture.name, async (way) => {
      const schedule = scheduleOf(fixture.schedule)
      const dtype = dtypeOf(way)
      const runner = runnerFor<Tensor, Tensor>(way, (count) => schedule(count, dtype))
      const found: number[] = []
      for (const step of steps) found.push(...elementsOf(await runner.call(tensor(Int32Array.of(step), { shape: [] }))))
      await runner.dispose()
      // The wanted values have rounding of their own where they nearly vanish.
      const bound = (wanted: number, largest: number) =>
        way === 'float64' ? 1e-9 * Math.abs(wanted) + 1e-15 * largest : 1e-6 * Math.abs(wanted) + 1e-15 * largest
      return differenceOfNumbers(way, found, fixture.f64.map(Number), bound)
    })
}
