import type { StepCase } from './case.ts'
import { denseCase } from './dense.ts'
import { gpt, gptCase } from './gpt.ts'

const once = { runs: 5, loop: 2, scaled: false }

/** 24 layers of 256, batch 4096, Adam. */
const deep = (): StepCase =>
  denseCase(
    Array.from({ length: 25 }, () => 256),
    4096,
    once,
  )

/** 6 layers, 4 heads, width 128, context 256, batch 8, AdamW with clipping. */
const longGpt = (): StepCase => gptCase({ layers: 6, heads: 4, width: 128, context: 256, batch: 8 }, once)

/** Cases whose activations take more memory than their parameters. */
export const deepCases: Readonly<Record<string, () => StepCase>> = { deep, gpt: () => gpt(), 'gpt-long': longGpt }
