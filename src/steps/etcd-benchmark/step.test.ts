import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import type { BenchmarkedEtcds, ToolEnd } from '../../targets/etcd-benchmark.ts'
import { noKubernetes } from '../../targets/no-kubernetes.ts'
import { recordingForTests } from '../../testing/recording.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import type { EtcdBenchmark, RowOutcome } from './outcome.ts'
import { etcdBenchmarks } from './outcome.ts'
import { etcdBenchmarkSection } from './section.ts'
import { benchmarkEtcd } from './step.ts'

const urls = ['https://a:2379', 'https://b:2379', 'https://c:2379']

/** What the tool prints when it got all of these answered, in a second each. */
function reportOf(answered: number, errors = ''): string {
  return `\nSummary:\n  Total:\t1 secs.\n  Slowest:\t1 secs.\n  Fastest:\t1 secs.\n  Average:\t1 secs.\n  Stddev:\t0 secs.\n  Requests/sec:\t${answered}\n\nResponse time histogram:\n  1 [${answered}]\t|\n\nLatency distribution:\n  50% in 1 secs.\n  99% in 1 secs.\n${errors}`
}

interface Given {
  /** Which members do not answer. */
  silent?: readonly string[]
  /** Who leads, asked for the n-th time. */
  leader?: (asked: number) => string
  tool?: (args: readonly string[], total: number) => Partial<ToolEnd>
  isGiven?: boolean
  keys?: number
}

/** Three members that answer as told, and what was asked of them. */
function etcdsFor({
  silent = [],
  leader = () => 'https://b:2379',
  tool = (_, total) => ({ stdout: reportOf(total) }),
  isGiven = false,
  keys = 0,
}: Given) {
  const asked: { url: string; path: string; body: object }[] = []
  const toolUrls: (readonly string[])[] = []
  let states = 0
  const etcds: BenchmarkedEtcds = {
    urls,
    isGiven,
    besideKubernetes: false,
    etcdctl: 'etcdctl',
    async runTool(some, args) {
      toolUrls.push(some)
      const total = Number(args.find((one) => one.startsWith('--total='))?.slice('--total='.length))
      return { stdout: '', stderr: '', exitCode: 0, isLate: false, ...tool(args, total) }
    },
    async ask(url, path, body) {
      if (silent.includes(url)) throw new Error('connection refused')
      asked.push({ url, path, body })
      if (path === '/v3/maintenance/status') {
        const id = (of: string) => String(urls.indexOf(of) + 1)
        const leads = leader(Math.floor(states++ / (urls.length - silent.length)))
        return { header: { member_id: id(url) }, version: '3.7.3', leader: id(leads), dbSize: '20480' }
      }
      if (path === '/v3/cluster/member/list') return { members: [{}, {}, {}] }
      return path === '/v3/kv/range' ? { count: String(keys) } : {}
    },
    async [Symbol.asyncDispose]() {},
  }
  return { etcds, asked, toolUrls }
}

/** The step's outcome against these members; its tear-down runs, too. */
async function benchmarkAgainst(etcds: BenchmarkedEtcds): Promise<EtcdBenchmark> {
  const clock = createVirtualClock()
  const cluster = {
    ...noKubernetes,
    clock,
    scrape: async () => [],
    processes: () => [],
    benchmarkEtcds: async () => etcds,
  }
  const section = etcdBenchmarkSection.schema.parse({ members: 3, scale: 0.01 })
  const step = benchmarkEtcd(section, { cluster, recording: await recordingForTests(cluster) })
  const context = { signal: new AbortController().signal, report: () => {} }
  try {
    return await step.setUp(context)
  } finally {
    await step.tearDown?.run(context)
  }
}

const rowOf = ({ rows }: EtcdBenchmark, id: string): RowOutcome | undefined => rows.find((row) => row.id === id)

describe('the step `etcdBenchmark`', () => {
  it('should give rows of the leader the leader alone, and all others every member', async () => {
    const { etcds, toolUrls } = etcdsFor({})
    const outcome = await benchmarkAgainst(etcds)
    expect(outcome.rows.every(({ lack }) => lack === undefined)).toBe(true)
    expect(toolUrls.slice(0, 4)).toEqual(Array(4).fill(['https://b:2379']))
    expect(toolUrls.slice(4)).toEqual(Array(8).fill(urls))
    const [found] = [{ name: 'etcd-benchmark', at: 'steps[0]', outcome }]
    expect(etcdBenchmarks.outcome.doubtsAbout([found], 0, { isComplete: true })).toEqual([])
    const rates = etcdBenchmarks.outcome.figuresOf([found], 0).filter(({ name }) => name.endsWith('per_second'))
    expect(rates.map(({ labels, figure }) => [labels['row'], figure])).toContainEqual(['put-all-1-one-key', 100])
  })

  it('should empty the etcds before each put, and put the key before it is read', async () => {
    const { etcds, asked } = etcdsFor({})
    await benchmarkAgainst(etcds)
    const count = (path: string) => asked.filter((one) => one.path === path).length
    expect(count('/v3/kv/deleterange')).toBe(8)
    expect(count('/v3/kv/put')).toBe(4)
  })

  it.each<[string, Given, RegExp]>([
    [
      'requests failed',
      { tool: (_, total) => ({ stdout: reportOf(total - 3, '\nError distribution:\n  [3]\tno space\n') }) },
      /^3 of 100 requests failed: no space \(3\)$/,
    ],
    ['a member is silent', { silent: ['https://c:2379'] }, /^https:\/\/c:2379 did not answer: connection refused$/],
    ['the leader changes', { leader: (asked) => urls[asked % 3] ?? '' }, /^the leader changed from/],
    [
      'the tool dies',
      { tool: () => ({ exitCode: 1, stderr: 'starting\ndial error\n' }) },
      /^the tool ended with status 1: dial error$/,
    ],
    ['the tool says nothing', { tool: () => ({}) }, /^the tool printed no report$/],
    ['the time is up', { tool: () => ({ isLate: true, exitCode: null }) }, /^not finished within 10 m 0 s$/],
  ])('should make a row no result when %s, whatever the tool says of the rest', async (_, given, lack) => {
    const row = rowOf(await benchmarkAgainst(etcdsFor(given).etcds), 'put-all-1-one-key')
    expect(row?.lack).toMatch(lack)
    expect(row).toMatchObject({
      requestsPerSecond: null,
      averageMs: null,
      p999Ms: null,
      latencyMs: { p50: null, p99: null, max: null },
    })
  })

  it('should write nothing to given etcds that hold keys', async () => {
    const { etcds, asked } = etcdsFor({ isGiven: true, keys: 7 })
    const refused: unknown = await benchmarkAgainst(etcds).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Failure)
    expect(refused).toMatchObject({ kind: 'safety-refusal' })
    expect(asked.map(({ path }) => path).filter((path) => path !== '/v3/kv/range')).toEqual(['/v3/cluster/member/list'])
  })

  it('should delete from given etcds only the keys that it wrote', async () => {
    const { etcds, asked } = etcdsFor({ isGiven: true })
    await benchmarkAgainst(etcds)
    expect(asked.map(({ path }) => path)).not.toContain('/v3/kv/deleterange')
    const [last] = asked.filter(({ path }) => path === '/v3/kv/txn').slice(-8)
    expect(JSON.stringify(last?.body)).toContain('"request_delete_range":{"key":"')
    expect(JSON.stringify(last?.body)).not.toContain('range_end')
  })
})
