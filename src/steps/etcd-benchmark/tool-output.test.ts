import { describe, expect, it } from 'vitest'
import { parseToolOutput } from './tool-output.ts'

/* What the tool of etcd 3.7.0 printed against an etcd 3.7.3 with a quota of 100 kB. */
const mixed = `
Summary:
  Total:	1.308263251 secs.
  Slowest:	0.006712801 secs.
  Fastest:	0.000633562 secs.
  Average:	0.001271761073394495 secs.
  Stddev:	0.001104725829263497 secs.
  Requests/sec:	83.31656485549328

Response time histogram:
  0.000633562 [1]	|
  0.0012414859 [89]	|∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎
  0.0018494098 [8]	|∎∎∎
  0.0024573336999999997 [3]	|∎
  0.0030652576 [0]	|
  0.0036731815 [1]	|
  0.0042811054 [1]	|
  0.0048890293 [0]	|
  0.0054969532 [4]	|∎
  0.0061048770999999995 [1]	|
  0.006712801 [1]	|

Latency distribution:
  10% in 0.00073464 secs.
  25% in 0.000807576 secs.
  50% in 0.000947818 secs.
  75% in 0.001144414 secs.
  90% in 0.001907508 secs.
  95% in 0.004902886 secs.
  99% in 0.006712801 secs.

Error distribution:
  [891]	etcdserver: mvcc: database space exceeded

`
const full = `
Error distribution:
  [10]	etcdserver: mvcc: database space exceeded

`
const range = `bench with serializable range

Summary:
  Total:	0.406971259 secs.
  Slowest:	0.016243388 secs.
  Fastest:	0.000248443 secs.
  Average:	0.0012082272440000013 secs.
  Stddev:	0.0015320501311065406 secs.
  Requests/sec:	2457.175974679824

Response time histogram:
  0.000248443 [1]	|
  0.0018479375000000002 [846]	|∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎
  0.0034474320000000003 [103]	|∎∎∎∎
  0.005046926500000001 [28]	|∎
  0.0066464210000000004 [14]	|
  0.0082459155 [1]	|
  0.00984541 [1]	|
  0.0114449045 [0]	|
  0.013044399 [0]	|
  0.0146438935 [1]	|
  0.016243388 [5]	|

Latency distribution:
  10% in 0.000420174 secs.
  25% in 0.000523627 secs.
  50% in 0.000708943 secs.
  75% in 0.001320954 secs.
  90% in 0.002404335 secs.
  95% in 0.003488297 secs.
  99% in 0.006503631 secs.
  99.9% in 0.016243388 secs.
`

describe('parseToolOutput', () => {
  it('should read every figure of a run in milliseconds', () => {
    const { answered, errors } = parseToolOutput(range) ?? {}
    expect(errors).toEqual([])
    expect(answered).toMatchObject({ count: 1000, totalMs: 406.971259, requestsPerSecond: 2457.175974679824 })
    expect(answered?.averageMs).toBeCloseTo(1.208, 3)
    expect(answered?.slowestMs).toBeCloseTo(16.243, 3)
    expect(Object.keys(answered?.percentilesMs ?? {})).toEqual(['10', '25', '50', '75', '90', '95', '99', '99.9'])
    expect(answered?.percentilesMs['99.9']).toBeCloseTo(16.243, 3)
    expect(answered?.histogram).toHaveLength(11)
    expect(answered?.histogram[1]).toMatchObject({ count: 846 })
  })

  it('should count what was answered, and what failed with what, when some requests failed', () => {
    const { answered, errors } = parseToolOutput(mixed) ?? {}
    expect(answered?.count).toBe(109)
    expect(errors).toEqual([{ message: 'etcdserver: mvcc: database space exceeded', count: 891 }])
    expect(answered?.percentilesMs['99.9']).toBeUndefined()
  })

  it('should have no figures when every request failed', () => {
    expect(parseToolOutput(full)).toEqual({
      answered: null,
      errors: [{ message: 'etcdserver: mvcc: database space exceeded', count: 10 }],
    })
  })

  it.each([
    ['nothing', ''],
    ['a usage message', 'Benchmark put\n\nUsage:\n  benchmark put [flags]\n'],
    ['a report that was cut off', range.slice(0, range.indexOf('Requests/sec'))],
    ['a figure that is no number', range.replace('0.406971259', 'NaN')],
  ])('should not take %s for a report', (_, text) => {
    expect(parseToolOutput(text)).toBeUndefined()
  })
})
