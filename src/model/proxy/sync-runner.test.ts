import { describe, expect, it } from 'vitest'
import type { Kernel, Timeline } from '../kernel/kernel.ts'
import { createKernel } from '../kernel/kernel.ts'
import type { SyncIntervals, SyncRunner } from './sync-runner.ts'
import { createSyncRunner } from './sync-runner.ts'

/** Starts a runner at 0, asks it to run at each of the moments, and tells when it synced until `untilMs`. */
async function syncsOf(intervals: SyncIntervals, askedAtMs: number[], untilMs: number): Promise<number[]> {
  const { kernel, timeline, runner, syncs } = started(intervals)
  for (const atMs of askedAtMs) timeline.at(atMs, runner.run)
  await kernel.clock.sleep(untilMs)
  return syncs
}

function started(intervals: SyncIntervals): {
  kernel: Kernel
  timeline: Timeline
  runner: SyncRunner
  syncs: number[]
} {
  const kernel = createKernel()
  const timeline = kernel.createTimeline()
  const syncs: number[] = []
  const runner = createSyncRunner(timeline, intervals, () => syncs.push(timeline.nowMs()))
  runner.start()
  return { kernel, timeline, runner, syncs }
}

describe('the runner of syncs', () => {
  it('should sync at once when it has not for the least interval', async () => {
    expect(await syncsOf({ minMs: 1000, maxMs: 30_000 }, [400, 5000], 10_000)).toEqual([400, 5000])
  })

  it('should make one sync of everything that is asked within the least interval, when that is over', async () => {
    const asked = [400, 500, 900, 1399, 1500, 2399]
    expect(await syncsOf({ minMs: 1000, maxMs: 30_000 }, asked, 10_000)).toEqual([400, 1400, 2400])
  })

  it('should let no two syncs follow each other at once, as the runner before it did', async () => {
    expect(await syncsOf({ minMs: 1000, maxMs: 30_000 }, [0, 1], 900)).toEqual([0])
  })

  it('should sync at every request when there is no least interval', async () => {
    expect(await syncsOf({ minMs: 0, maxMs: 30_000 }, [400, 401, 402], 1000)).toEqual([400, 401, 402])
  })

  it('should sync every greatest interval when nothing is asked, counted from the last sync', async () => {
    expect(await syncsOf({ minMs: 1000, maxMs: 5000 }, [7000], 18_000)).toEqual([5000, 7000, 12_000, 17_000])
  })

  it('should sync no more once it was stopped', async () => {
    const { kernel, timeline, runner, syncs } = started({ minMs: 1000, maxMs: 5000 })
    timeline.at(100, runner.run)
    timeline.at(200, runner.run)
    timeline.at(300, runner.stop)
    timeline.at(400, runner.run)
    await kernel.clock.sleep(20_000)
    expect(syncs).toEqual([100])
  })
})
