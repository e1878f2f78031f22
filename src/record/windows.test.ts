import { describe, expect, it } from 'vitest'
import type { ComponentMetrics } from '../measure/metrics.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { sampleWindows } from './windows.ts'

const lengthMs = 300_000
const labels = { verb: 'POST', resource: 'pods', scope: 'resource' }

/** A page on which so many requests took at most 0.1 s, and so many at most 10 s. */
function page(fast: number, slow: number): ComponentMetrics[] {
  const bucket = (le: string, value: number) => ({
    name: 'apiserver_request_sli_duration_seconds_bucket',
    labels: { ...labels, le },
    value,
  })
  const samples = [
    { name: 'process_start_time_seconds', labels: {}, value: 1 },
    { name: 'apiserver_request_total', labels, value: fast + slow },
    bucket('0.1', fast),
    bucket('10', fast + slow),
    bucket('+Inf', fast + slow),
  ]
  return [{ component: 'kube-apiserver', instance: 'kube-apiserver', samples }]
}

async function worstAfter(pages: ComponentMetrics[][], endMs: number, last: ComponentMetrics[]) {
  const clock = createVirtualClock()
  let reads = 0
  const scrape = async () => pages[reads++] ?? []
  const windows = sampleWindows({ clock, scrape }, { before: page(0, 0), startMs: clock.nowMs(), lengthMs })
  await clock.sleep(endMs)
  const worst = windows.end(last, clock.nowMs())
  await windows.stop()
  return { reads, worst: worst?.worstOf('apiserver_sli_latency_ms', labels) }
}

describe('sampleWindows', () => {
  it('should read nothing in a phase that is shorter', async () => {
    expect(await worstAfter([], lengthMs - 1, page(9, 9))).toEqual({ reads: 0, worst: undefined })
  })

  it('should keep the worst of all windows, the rest of the phase included', async () => {
    const { reads, worst } = await worstAfter([page(100, 0), page(200, 100)], 2.5 * lengthMs, page(300, 100))
    expect(reads).toBe(2)
    expect(worst).toMatchObject({ lengthMs, windows: 3 })
    expect(worst?.p99).toBeGreaterThan(9000)
    const late = await worstAfter([page(100, 0), page(200, 0)], 2.5 * lengthMs, page(200, 100))
    expect(late.worst?.p99).toBeGreaterThan(9000)
  })

  it('should make a window longer whose page was not read, and leave nothing out', async () => {
    const unread = [
      { component: 'kube-apiserver', instance: 'kube-apiserver', samples: [], unread: 'no answer' } as const,
    ]
    const { worst } = await worstAfter([unread, page(100, 100)], 2.5 * lengthMs, page(200, 100))
    expect(worst).toMatchObject({ windows: 2 })
    expect(worst?.p99).toBeGreaterThan(9000)
  })
})
