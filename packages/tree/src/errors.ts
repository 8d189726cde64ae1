import type { Path } from './tree.ts'

/**
 * Two trees that should have had the same structure do not, or a path is missing.
 * `path` tells where, `expected` and `received` what was found there.
 */
export class TreeError extends Error {
  readonly tag = 'TreeError'
  readonly path: Path
  readonly expected: string
  readonly received: string

  constructor(path: Path, expected: string, received: string) {
    super(
      `trees differ at ${path === '' ? 'the root' : `'${path}'`}: expected ${expected}, got ${received}; pass trees of the same structure`,
    )
    this.name = 'TreeError'
    this.path = path
    this.expected = expected
    this.received = received
  }
}
