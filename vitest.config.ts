import process from 'node:process'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      // No test waits for time to pass: this is for busy machines.
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 30_000,
          provide: { fuzzFactor: Number(process.env['FUZZ'] ?? 1) },
        },
      },
      {
        // Real components share one machine: their timings and ports must not overlap.
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
