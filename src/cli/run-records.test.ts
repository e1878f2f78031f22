import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ArmOutcome, Result } from '../result/result.ts'
import type { SampleLine } from '../result/sample-line.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { openRecords } from './run-records.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-records-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const sample = (atMs: number): SampleLine => ({ armId: 'tuned-1', atMs, kind: 'watch-lag', lagMs: 1 })
const written = () =>
  readFileSync(join(folder, 'samples.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

const syncs: number[] = []
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>()
  return {
    ...fs,
    fsyncSync(file: number) {
      fs.fsyncSync(file)
      syncs.push(file)
    },
  }
})

describe('openRecords', () => {
  it.each([
    ['before it begins, where it changes something', true, 1],
    ['later, where it is simulated', false, 0],
  ])('should have it on the disk that a step begins %s (fault 19)', (_, announces, count) => {
    const records = openRecords(folder, { record: {}, announces }, createVirtualClock(0))
    syncs.length = 0
    records.journal({ type: 'step-started', armId: 'tuned-1', stepId: 'fill' })
    expect(syncs).toHaveLength(count)
    records.journal({ type: 'arm-finished', armId: 'tuned-1', outcome: 'complete', durationMs: 1 })
    expect(syncs).toHaveLength(count + 1)
    records.close()
  })

  it('should have the samples of an arm and its figures on the disk before the journal says that it is over (fault 19)', () => {
    const records = openRecords(folder, { record: {}, announces: true }, createVirtualClock(0))
    records.sample(sample(1))
    syncs.length = 0
    records.arm({ arms: [] } as unknown as Result, { order: 1 } as ArmOutcome)
    // The samples, the arm's file, and the folder that has its name.
    expect(syncs).toHaveLength(3)
    expect(written()).toEqual([sample(1)])
    records.close()
  })

  it('should have samples in their file within a second, whole and in order', async () => {
    const clock = createVirtualClock(0)
    const records = openRecords(folder, { record: {}, announces: false }, clock)
    records.sample(sample(1))
    records.sample(sample(2))
    await clock.sleep(900)
    records.sample(sample(3))
    await clock.sleep(101)
    expect(written()).toEqual([sample(1), sample(2), sample(3)])
    records.sample(sample(4))
    await clock.sleep(1001)
    expect(written()).toHaveLength(4)
    records.close()
  })

  it.each([
    [
      'an arm is over',
      (records: ReturnType<typeof openRecords>) =>
        records.arm({ arms: [] } as unknown as Result, { order: 1 } as ArmOutcome),
    ],
    ['the run is', (records: ReturnType<typeof openRecords>) => records.close()],
  ])('should have all samples in their file when %s', (_, end) => {
    const records = openRecords(folder, { record: {}, announces: false }, createVirtualClock(0))
    records.sample(sample(1))
    end(records)
    expect(written()).toEqual([sample(1)])
  })

  it('should hold no more than some kilobytes back, however many samples come at once', () => {
    const records = openRecords(folder, { record: {}, announces: false }, createVirtualClock(0))
    for (let count = 0; count < 10_000; count++) records.sample(sample(count))
    expect(written().length).toBeGreaterThan(8000)
    records.close()
    expect(written()).toHaveLength(10_000)
  })
})
