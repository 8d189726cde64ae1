import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Siblings resolve to their sources, so tests need no build.
const conditions = ['@grad-ts/source', ...defaultServerConditions]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', '.doctest/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'],
    testTimeout: 30_000,
    typecheck: {
      enabled: true,
      include: ['packages/*/test/**/*.test-d.ts'],
      tsconfig: './tsconfig.types.json',
    },
  },
})
