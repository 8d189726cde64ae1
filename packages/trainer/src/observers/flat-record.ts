import type { EpochRecord } from '../training/events.ts'

/** The numbers of an epoch by the name of their column. */
export const flatRecord = ({
  epoch,
  step,
  loss,
  metrics,
  validation,
  learningRate,
  seconds,
}: EpochRecord): Readonly<Record<string, number>> => ({
  epoch,
  step,
  loss,
  ...metrics,
  ...(validation === undefined ? {} : { 'validation loss': validation.loss }),
  ...Object.fromEntries(Object.entries(validation?.metrics ?? {}).map(([name, value]) => [`validation ${name}`, value])),
  ...(learningRate === undefined ? {} : { 'learning rate': learningRate }),
  seconds,
})
