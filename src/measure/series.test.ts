import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seriesSchema } from '../result/series.ts'
import { recordEtcdSizes } from './etcd-use.ts'
import type { MachinePoint } from './machine-record.ts'
import { seriesOf } from './series.ts'
import type { Window } from './window.ts'

function point(atMs: number, changes: Partial<MachinePoint> = {}): MachinePoint {
  return {
    atMs,
    busyMs: atMs,
    totalMs: 2 * atMs,
    runQueue: { sum: 2, count: 1 },
    memoryUsedMaxBytes: atMs,
    disksBusyMs: new Map([['vda', atMs / 10]]),
    components: new Map([['etcd', { usedMs: atMs / 4, memoryMaxBytes: 100 }]]),
    ...changes,
  }
}

function windowWith(changes: Partial<Window>): Window {
  return {
    startMs: 0,
    endMs: 1000,
    before: [],
    after: [],
    requests: [],
    requestsDropped: 0,
    retries: { count: 0, waitedMs: 0 },
    watchLag: null,
    etcdSizes: recordEtcdSizes(),
    nodes: null,
    orchestrator: { eventLoopDelayMaxMs: null, busy: null },
    machine: null,
    ...changes,
  }
}

/** What is told by hand, and not by the table of component pages. */
const everything = windowWith({
  requests: [{ verb: 'patch', resource: 'deployments/scale', latenciesMs: [3, 1, 2] }],
  watchLag: { lagsMs: [4, 6], unseen: 1, curve: [] },
  nodes: { flaps: 2, notReady: 1 },
  orchestrator: { eventLoopDelayMaxMs: 12, busy: 0.5 },
  machine: { points: [point(0), point(1000), point(2000)], gaps: [] },
})

const named = (window: Window, name: string) => seriesOf(window, 'measured').filter((series) => series.name === name)

describe('seriesOf', () => {
  it('should tell of requests, the canary, nodes and the machine, with labels and units', () => {
    const common = { evidence: 'measured', gaps: [] }
    expect(named(everything, 'client_request_latency_ms')).toMatchObject([
      { labels: { verb: 'patch', resource: 'deployments', subresource: 'scale' }, distribution: { p50: 2, max: 3 } },
    ])
    expect(named(everything, 'watch_lag_ms')).toMatchObject([{ distribution: { count: 2, missing: 1, max: null } }])
    expect(named(everything, 'node_flaps_total')).toEqual([
      { name: 'node_flaps_total', labels: {}, unit: 'count', value: 2, ...common },
    ])
    expect(named(everything, 'machine_busy_ratio')).toMatchObject([{ value: 0.5, unit: 'ratio' }])
    expect(named(everything, 'machine_memory_max_bytes')).toMatchObject([{ value: 2000 }])
    expect(named(everything, 'component_cores')).toMatchObject([{ labels: { component: 'etcd' }, value: 0.25 }])
    expect(named(everything, 'component_memory_max_bytes')).toMatchObject([{ value: 100, unit: 'bytes' }])
  })

  it('should be as the result has it, and in the table of docs/series.md', () => {
    const table = readFileSync(join(import.meta.dirname, '../../docs/series.md'), 'utf8')
    for (const series of seriesOf(everything, 'simulated')) {
      expect(seriesSchema.parse(series)).toEqual(series)
      expect(table).toContain(`| \`${series.name}\` |`)
    }
  })

  it('should have no series of what there is nothing to read of', () => {
    expect(seriesOf(windowWith({}), 'simulated').map(({ name }) => name)).toEqual([
      'client_retries_total',
      'client_retry_wait_ms',
    ])
  })

  it('should have gaps, and no figure, where nodes or the machine were not read', () => {
    const blind = windowWith({ nodes: { unread: 'the watch ended' }, machine: { unread: 'EMFILE' } })
    expect(named(blind, 'node_flaps_total')).toMatchObject([{ value: null, gaps: ['the watch ended'] }])
    expect(named(blind, 'machine_busy_ratio')).toMatchObject([{ value: null, gaps: ['EMFILE'] }])
  })

  it('should say how many requests are missing', () => {
    const long = windowWith({ ...everything, requestsDropped: 7 })
    expect(named(long, 'client_request_latency_ms')).toMatchObject([{ gaps: [expect.stringContaining('7 earlier')] }])
  })
})
