import type { BenchmarkRow } from './matrix.ts'

/** What somebody measured with the same arguments, elsewhere. */
export interface PublishedRow {
  id: BenchmarkRow['id']
  requestsPerSecond: number
  averageMs: number
}

/** etcd's own page, which has all rows but puts of one client to all members. Its commands put one key. */
export const published = {
  source: 'etcd.io/docs/v3.6/op-guide/performance',
  machine:
    'etcd 3.2.0, three members with 8 vCPUs, 16 GB and an SSD each on Google Compute Engine; the client on a fourth machine with 16 vCPUs',
  rows: [
    { id: 'put-leader-1-one-key', requestsPerSecond: 583, averageMs: 1.6 },
    { id: 'put-leader-1000-one-key', requestsPerSecond: 44_341, averageMs: 22 },
    { id: 'put-all-1000-one-key', requestsPerSecond: 50_104, averageMs: 20 },
    { id: 'range-linearizable-1', requestsPerSecond: 1353, averageMs: 0.7 },
    { id: 'range-serializable-1', requestsPerSecond: 2909, averageMs: 0.3 },
    { id: 'range-linearizable-1000', requestsPerSecond: 141_578, averageMs: 5.5 },
    { id: 'range-serializable-1000', requestsPerSecond: 185_758, averageMs: 2.2 },
  ] satisfies PublishedRow[],
} as const
