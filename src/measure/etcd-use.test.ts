import { describe, expect, it } from 'vitest'
import { readEtcdUse, recordEtcdSizes } from './etcd-use.ts'
import type { ComponentMetrics } from './metrics.ts'
import { parsePrometheusText } from './prometheus.ts'

function pageOf(instance: string, sizeBytes: number | undefined, fsyncs: number, started = 1000): ComponentMetrics {
  const size = sizeBytes === undefined ? '' : `etcd_mvcc_db_total_size_in_bytes ${sizeBytes}\n`
  const text = `
process_start_time_seconds ${started}
${size}etcd_mvcc_db_total_size_in_use_in_bytes 5
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} ${fsyncs}
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} ${fsyncs}
`
  return { component: 'etcd', instance, samples: parsePrometheusText(text) }
}
const silent: ComponentMetrics = { component: 'etcd', instance: 'etcd', samples: [], unread: 'connection refused' }

describe('readEtcdUse', () => {
  it('should tell what each etcd did that is the same process before and after, and of no other', () => {
    const before = [pageOf('etcd', 100, 10), pageOf('etcd-pods', 200, 10), pageOf('etcd-leases', 300, 10)]
    const after = [pageOf('etcd', 150, 25), pageOf('etcd-pods', 250, 25, 2000), pageOf('etcd-leases', undefined, 25)]
    expect(readEtcdUse({ before, after, etcdSizes: recordEtcdSizes() })).toMatchObject([
      {
        instance: 'etcd',
        sizeBytes: { before: 100, after: 150 },
        inUseBytes: 5,
        fsyncMs: { count: 15 },
        commitMs: { count: 0 },
      },
    ])
  })
})

describe('recordEtcdSizes', () => {
  it('should leave gaps where a page was not read, never a size of 0, and count them with the reason', () => {
    const sizes = recordEtcdSizes()
    for (const [atMs, page] of [pageOf('etcd', 100, 1), silent, silent, pageOf('etcd', 130, 1)].entries())
      sizes.note([page], atMs)
    expect(sizes.curveOf('etcd')).toEqual([
      [0, 100],
      [3, 130],
    ])
    expect(sizes.notRead()).toEqual([
      { component: 'etcd', instance: 'etcd', part: '2 points of its size over time', because: 'connection refused' },
    ])
  })
})
