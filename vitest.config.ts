import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { writeDocTests } from './scripts/doctest.mjs'

// Siblings resolve to their sources, so tests need no build.
const conditions = ['@grad-ts/source', ...defaultServerConditions]

// The planted type test is wrong on purpose: only the test that expects its failure asks for it.
const planted = process.env['PLANTED_TYPE_TEST'] === undefined ? ['**/planted.test-d.ts'] : []

// Written here, so that a run never sees the examples of yesterday's sources.
writeDocTests()

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts', '.doctest/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'],
    // Vitest leaves one core to itself by default, which is half of a machine with two.
    maxWorkers: '100%',
    testTimeout: 60_000,
    typecheck: {
      enabled: true,
      include: ['packages/*/test/**/*.test-d.ts'],
      exclude: ['**/node_modules/**', ...planted],
      tsconfig: './tsconfig.types.json',
      // Sources and tests are checked by tsc itself, once.
      ignoreSourceErrors: true,
    },
  },
})
