import { matchesPath } from '@grad-ts/optim'

/** Makes a test of parameter paths out of patterns such as `encoder.**` or `*.bias`; one match is enough. */
export const pathTest = (patterns: readonly string[] | ((path: string) => boolean)): ((path: string) => boolean) =>
  typeof patterns === 'function' ? patterns : (path) => patterns.some((pattern) => matchesPath(pattern, path))
