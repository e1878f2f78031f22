import { availableParallelism } from 'node:os'
import process from 'node:process'
import { defineConfig } from 'vitest/config'

/** Measure real components on one machine, or give them little time to answer: no two of them at once. */
const oneAtATime = [
  'test/e2e/**/*.test.ts',
  'test/e2e-remote/**/*.test.ts',
  'test/contract/local.test.ts',
  'test/faults/local.test.ts',
]
const cores = availableParallelism()

export default defineConfig({
  test: {
    projects: [
      // No test waits for time to pass: this is for busy machines.
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 30_000,
          maxWorkers: cores,
          provide: { fuzzFactor: Number(process.env['FUZZ'] ?? 1) },
          sequence: { groupOrder: 0 },
        },
      },
      // The program as its users start it, and suites that measure nothing: each for processes, ports and networks of its own. Hosts that
      // are tuned are waited for most of the time, so there are two more workers than cores.
      {
        test: {
          name: 'program',
          include: ['test/**/*.test.ts'],
          exclude: oneAtATime,
          maxWorkers: cores + 2,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: oneAtATime,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
