import type { MemoryBudget } from '@grad-ts/onnx'
import { SettingsError } from '../errors.ts'

/**
 * Whether the backward pass computes results of the forward pass again in place of keeping them: `true` saves as much memory as about
 * one more forward pass of work buys; with a budget, in bytes, just as much is computed again as it takes to stay within it.
 */
export type GradientCheckpointing = boolean | { readonly budget: number }

/**
 * Gives the budget that an update is compiled for.
 *
 * @throws {SettingsError} when it is no positive number
 */
export const memoryBudgetOf = (setting: GradientCheckpointing = false): MemoryBudget | undefined => {
  if (typeof setting === 'boolean') return setting ? 'auto' : undefined
  if (!(setting.budget > 0)) throw new SettingsError('gradientCheckpointing.budget', 'a positive number of bytes', String(setting.budget))
  return setting.budget
}
