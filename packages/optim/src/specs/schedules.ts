import type { ScheduleDefinition } from '../schedules/define.ts'
import { constantOf } from '../schedules/constant.ts'
import { cosineDecay } from '../schedules/cosine.ts'
import { exponentialDecay } from '../schedules/exponential.ts'
import { inverseTimeDecay } from '../schedules/inverse-time.ts'
import { joinOf } from '../schedules/join.ts'
import { cosineAnnealing, cyclic } from '../schedules/cyclic.ts'
import { inverseSquareRoot } from '../schedules/inverse-square-root.ts'
import { oneCycle } from '../schedules/one-cycle.ts'
import { warmRestarts } from '../schedules/warm-restarts.ts'
import { cosineOneCycle, linearOneCycle, piecewiseConstant, piecewiseInterpolate } from '../schedules/piecewise.ts'
import { linear, polynomial } from '../schedules/polynomial.ts'
import { productOf } from '../schedules/product.ts'
import { sgdrOf } from '../schedules/sgdr.ts'
import { warmupStableDecay } from '../schedules/warmup-stable-decay.ts'
import { warmupConstant, warmupCosineDecay, warmupExponentialDecay } from '../schedules/warmup.ts'

/** Every schedule by its name in specs. */
export const scheduleTable: Readonly<Record<string, ScheduleDefinition>> = {
  constant: constantOf.definition,
  cosineAnnealing: cosineAnnealing.definition,
  cosineDecay: cosineDecay.definition,
  cosineOneCycle: cosineOneCycle.definition,
  cyclic: cyclic.definition,
  exponentialDecay: exponentialDecay.definition,
  inverseSquareRoot: inverseSquareRoot.definition,
  inverseTimeDecay: inverseTimeDecay.definition,
  join: joinOf.definition,
  linear: linear.definition,
  linearOneCycle: linearOneCycle.definition,
  oneCycle: oneCycle.definition,
  piecewiseConstant: piecewiseConstant.definition,
  piecewiseInterpolate: piecewiseInterpolate.definition,
  polynomial: polynomial.definition,
  product: productOf.definition,
  sgdr: sgdrOf.definition,
  warmRestarts: warmRestarts.definition,
  warmupConstant: warmupConstant.definition,
  warmupCosineDecay: warmupCosineDecay.definition,
  warmupExponentialDecay: warmupExponentialDecay.definition,
  warmupStableDecay: warmupStableDecay.definition,
}
