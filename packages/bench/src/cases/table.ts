import type { StepCase } from './case.ts'
import { cnn } from './cnn.ts'
import { mlp, small } from './dense.ts'
import { gpt } from './gpt.ts'
import { adamUpdate } from './update.ts'

/** The cases of `npm run bench` that train; mixed precision wants their loss scaled. */
export const stepCases: Readonly<Record<string, (scaled?: boolean) => StepCase>> = {
  small,
  mlp,
  cnn,
  gpt,
  'adam-1e6': () => adamUpdate(1),
  'adam-1e6-100': () => adamUpdate(100),
}
