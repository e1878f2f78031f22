import { describe, expect, it } from 'vitest'
import type { ArmOutcome } from '../../result/result.ts'
import { resultSchema } from '../../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'
import { labelOf, matrixOf } from './matrix.ts'
import type { EtcdBenchmark, RowOutcome } from './outcome.ts'

/** Rows that took `meanMs` for each request, with a histogram of two buckets. */
function benchmarkOf(meanMs: number, change: (row: RowOutcome) => Partial<RowOutcome> = () => ({})): EtcdBenchmark {
  const rows = matrixOf(0.1).map((row): RowOutcome => {
    const whole: RowOutcome = {
      ...row,
      urls: ['https://a:2379'],
      requestsPerSecond: (1000 * row.clients) / meanMs,
      averageMs: meanMs,
      latencyMs: { count: row.total, missing: 0, p50: meanMs, p90: meanMs, p99: 2 * meanMs, max: 3 * meanMs },
      p999Ms: null,
      histogram: [
        { upToMs: meanMs, count: row.total - 1 },
        { upToMs: 3 * meanMs, count: 1 },
      ],
      errors: [],
      keysAfter: 1,
      databaseBytes: 20_480,
      machineBusy: row.clients === 1 ? 0.4 : 0.99,
    }
    return { ...whole, ...change(whole) } as RowOutcome
  })
  const conditions = { notRead: [], clientRetries: { count: 0, waitedMs: 0 }, eventLoopDelayMaxMs: 1, machineBusy: 0.8 }
  return {
    members: 3,
    isGiven: false,
    scale: 0.1,
    etcdVersion: '3.7.3',
    besideKubernetes: false,
    durationMs: 60_000,
    rows,
    ...conditions,
  }
}

const none = { created: 0, ready: 0, available: 0, rsCurrent: 0, deleted: 0 }
const times = { rollout: none, scaleDown: none }

function resultOf(untuned: EtcdBenchmark[], tuned: EtcdBenchmark[]) {
  const armsOf = (name: string, benchmarks: EtcdBenchmark[]): ArmOutcome[] =>
    benchmarks.map((outcome, index) => ({
      ...sampleArm(name, index + 1, 2 * index + (name === 'tuned' ? 2 : 1), times),
      steps: [{ kind: 'etcdBenchmark', name: 'etcd-benchmark', at: 'steps[0].etcdBenchmark', outcome }],
    }))
  return sampleResult({
    arms: [...armsOf('untuned', untuned), ...armsOf('tuned', tuned)],
    thresholds: [],
    reference: null,
  })
}

const both = () => resultOf([benchmarkOf(20), benchmarkOf(20.4)], [benchmarkOf(10), benchmarkOf(10.2)])
const rowsIn = (result: ReturnType<typeof both>) => viewFor(result).steps.flatMap(({ figures }) => figures.rows)

describe('the view of a benchmark', () => {
  it('should show every row in the terminal, with both key spaces, and compare the arms', () => {
    const summary = summaryOf(both())
    for (const row of matrixOf(0.1)) expect(summary).toContain(labelOf(row))
    expect(summary).toContain('tuned answers puts of 1000 clients 2.00× faster')
    expect(summary.split('\n').every((line) => line.length <= 80)).toBe(true)
    expect(summary).not.toContain('…')
  })

  it('should set what was published beside the rows that it has, with its machine, in every report', () => {
    for (const text of [htmlOf(both()), markdownOf(both())]) {
      expect(text).toContain('etcd 3.2.0')
      expect(text).toMatch(/44[,.]?341/)
    }
  })

  it('should compare rows that are meant to take the whole machine, and not those that were disturbed', () => {
    const disturbed = (meanMs: number) => benchmarkOf(meanMs, () => ({ machineBusy: 0.99 }))
    const rows = rowsIn(resultOf([disturbed(20), disturbed(20)], [disturbed(10), disturbed(10)]))
    const differenceIn = (name: string) =>
      rows.flatMap((row) => (row.kind === 'figure' && row.name === name ? [row.cells[1]?.difference?.kind] : []))
    expect(differenceIn('put-all-1000-distinct-keys mean')).toEqual(['shown'])
    expect(differenceIn('put-all-1-distinct-keys mean')).toEqual(['not-comparable'])
  })

  it('should have no figure of a row that missed requests, and say why in every format', () => {
    const lacking = benchmarkOf(10, ({ id }) =>
      id === 'put-all-1-one-key'
        ? { lack: '3 of 1000 requests failed: no space (3)', requestsPerSecond: null, averageMs: null }
        : {},
    )
    const result = resultOf([benchmarkOf(20)], [lacking])
    for (const text of [htmlOf(result), markdownOf(result), summaryOf(result), junitOf(result)])
      expect(text.replace(/\s+/g, ' ')).toContain('3 of 1000 requests failed')
    const row = rowsIn(result).find((one) => one.kind === 'figure' && one.name === 'put-all-1-one-key rate')
    expect(row?.kind === 'figure' && row.cells[1]?.measured?.median).toBeNull()
  })

  it('should be read again from the file', () => {
    const written: unknown = JSON.parse(JSON.stringify(both()))
    expect(resultSchema.parse(written)).toEqual(written)
  })
})
