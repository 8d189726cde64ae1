import { controlExamples } from './control.ts'
import { elementwiseExamples } from './elementwise.ts'
import type { OpExamples } from './example.ts'
import { structureExamples } from './structure.ts'
import { windowExamples } from './window.ts'

/** Examples for every op. A missing row does not compile. */
export const opExamples: OpExamples = { ...structureExamples, ...elementwiseExamples, ...windowExamples, ...controlExamples }
