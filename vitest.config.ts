import process from 'node:process'
import { defineConfig } from 'vitest/config'

/** Measure real components on one machine: their timings must not overlap. */
const withComponents = ['test/e2e/**/*.test.ts', 'test/e2e-remote/**/*.test.ts', 'test/contract/local.test.ts']

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
          sequence: { groupOrder: 0 },
        },
      },
      // The program as its users start it, and suites that measure nothing: each for processes, ports and networks of its own.
      {
        test: {
          name: 'program',
          include: ['test/**/*.test.ts'],
          exclude: withComponents,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: withComponents,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
