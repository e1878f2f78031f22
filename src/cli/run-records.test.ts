import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

describe('openRecords', () => {
  it('should have samples in their file within a second, whole and in order', async () => {
    const clock = createVirtualClock(0)
    const records = openRecords(folder, { record: {} }, clock)
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
    const records = openRecords(folder, { record: {} }, createVirtualClock(0))
    records.sample(sample(1))
    end(records)
    expect(written()).toEqual([sample(1)])
  })

  it('should hold no more than some kilobytes back, however many samples come at once', () => {
    const records = openRecords(folder, { record: {} }, createVirtualClock(0))
    for (let count = 0; count < 10_000; count++) records.sample(sample(count))
    expect(written().length).toBeGreaterThan(8000)
    records.close()
    expect(written()).toHaveLength(10_000)
  })
})
