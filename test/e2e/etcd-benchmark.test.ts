import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { locateComponents } from '../../src/components/components.ts'
import type { Result } from '../../src/result/result.ts'
import { outcomesOf } from '../../src/result/result.ts'
import type { EtcdBenchmark } from '../../src/steps/etcd-benchmark/outcome.ts'
import { etcdBenchmarks } from '../../src/steps/etcd-benchmark/outcome.ts'
import { localComponents } from '../../src/targets/local/binaries.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { createAuthority } from '../../src/targets/local/pki.ts'
import { resultSchema } from '../../src/testing/outcomes.ts'
import { describeWithComponents, root } from './components.ts'

let folder: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-etcd-bench-'))
  children = []
})

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

/** `etcd-bench` as a user starts it; its exit status, and all that it said. */
async function etcdBench(...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts'), 'etcd-bench', ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const [status] = await once(child, 'close')
  return { status, output }
}

/** The folder of the newest run. */
function runFolder(): string {
  const runs = readdirSync(folder).filter((name) => name.startsWith('etcd-bench-'))
  return join(folder, runs.sort().at(-1) ?? 'none')
}

function benchmarksIn(): { result: Result; benchmarks: EtcdBenchmark[] } {
  const result = resultSchema.parse(JSON.parse(readFileSync(join(runFolder(), 'result.json'), 'utf8')))
  return { result, benchmarks: result.arms.flatMap((arm) => outcomesOf(arm, etcdBenchmarks).map((one) => one.outcome)) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts an etcd of somebody; returns its client URL once it is ready. */
async function startEtcd(scheme: 'http' | 'https', ...args: string[]): Promise<string> {
  const program = join(locateComponents(localComponents(join(root, 'components')), process.env).folder, 'etcd')
  const [url, peer, open] = [
    `${scheme}://127.0.0.1:${await freePort()}`,
    `http://127.0.0.1:${await freePort()}`,
    `http://127.0.0.1:${await freePort()}`,
  ]
  const urls = [`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`, `--listen-peer-urls=${peer}`]
  const own = [
    `--data-dir=${join(folder, 'given')}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    `--listen-metrics-urls=${open}`,
  ]
  children.push(spawn(program, [...urls, ...own, ...args], { stdio: 'ignore' }))
  const isReady = () =>
    fetch(`${open}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) await sleep(100)
  return url
}

/** An etcd of somebody, without TLS; its client URL, and a way to ask it. */
async function givenEtcd(...args: string[]) {
  const url = await startEtcd('http', ...args)
  const ask = async (path: string, body: object): Promise<{ count?: string | undefined }> => {
    const answer: unknown = await (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
    return z.object({ count: z.string().optional() }).parse(answer)
  }
  const keys = async () =>
    Number((await ask('/v3/kv/range', { key: 'AA==', range_end: 'AA==', count_only: true })).count ?? 0)
  return { url, ask, keys }
}

describeWithComponents("etcd's own benchmark", () => {
  it('should run every row on own members, puts with both key spaces, compare the arms, and leave nothing', async () => {
    const { status, output } = await etcdBench('--members', '3', '--scale', '0.002')
    expect(status, output).toBe(0)
    const { result, benchmarks } = benchmarksIn()
    expect(result).toMatchObject({ verdict: 'pass', partial: false, evidence: 'measured' })
    expect(result.arms.map(({ name, fleet }) => [name, fleet.nodes])).toEqual([
      ['untuned', 0],
      ['tuned', 0],
    ])
    expect(benchmarks).toHaveLength(2)
    for (const { members, rows } of benchmarks) {
      expect(members).toBe(3)
      expect(rows.map(({ id }) => id)).toEqual([
        ...['leader', 'all'].flatMap((to) =>
          [1, 1000].flatMap((clients) => [`put-${to}-${clients}-one-key`, `put-${to}-${clients}-distinct-keys`]),
        ),
        ...[1, 1000].flatMap((clients) => [`range-linearizable-${clients}`, `range-serializable-${clients}`]),
      ])
      for (const row of rows) {
        const total = row.clients === 1 ? 20 : 200
        expect(row).toMatchObject({ total, latencyMs: { count: total, missing: 0 }, errors: [] })
        expect(row.lack).toBeUndefined()
        expect(row.requestsPerSecond).toBeGreaterThan(0)
        expect(row.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(total)
        expect(new Set(row.urls).size).toBe(row.to === 'leader' ? 1 : 3)
        if (row.op === 'put') expect(row.keysAfter).toBe(row.keys === 'one' ? 1 : total)
      }
    }
    const quota = (name: string) =>
      result.arms.find((arm) => arm.name === name)?.knobs.find(({ id }) => id === 'etcd.quotaBackendBytes')
    expect(quota('tuned')).toMatchObject({ status: 'applied' })
    expect(quota('tuned')?.effective).not.toBe(quota('untuned')?.effective)
    const runId = runFolder().split('/').at(-1) ?? ''
    expect(findMarked(runId)).toEqual([])
    expect(readdirSync(runFolder())).not.toContain('state')
  })

  it('should refuse given etcds that hold keys, and write to them only when told to', async () => {
    const { url, ask, keys } = await givenEtcd()
    const unasked = await etcdBench('--endpoints', url)
    expect(unasked.status).toBe(3)
    expect(unasked.output).toContain('--yes-write')
    await ask('/v3/kv/put', { key: Buffer.from('/registry/pods/a').toString('base64'), value: 'YQ==' })
    const { status, output } = await etcdBench('--endpoints', url, '--yes-write', '--scale', '0.002')
    expect(status, output).toBe(3)
    expect(output.replace(/\s+/g, ' ')).toContain('1 of them in /registry/')
    expect(await keys()).toBe(1)
  })

  it('should reach given etcds over TLS with a client certificate, and say why when it cannot', async () => {
    const authority = await createAuthority(join(folder, 'pki'), new Date())
    const server = await authority.server('server', 'etcd', { addresses: ['127.0.0.1'] })
    const client = await authority.client('client', { commonName: 'operator' })
    const url = await startEtcd(
      'https',
      `--cert-file=${server.certFile}`,
      `--key-file=${server.keyFile}`,
      `--trusted-ca-file=${authority.ca.certFile}`,
      '--client-cert-auth',
    )
    const bench = (...args: string[]) => etcdBench('--endpoints', url, '--yes-write', '--scale', '0.002', ...args)
    const trusting = ['--cacert', authority.ca.certFile]
    const other = (await createAuthority(join(folder, 'other'), new Date())).ca.certFile
    const asOperator = ['--cert', client.certFile, '--key', client.keyFile]
    for (const args of [[], asOperator, trusting, ['--cacert', other, ...asOperator]]) {
      const { status, output } = await bench(...args)
      expect([args, status, output]).toEqual([args, 5, expect.stringMatching(/certificate/)])
    }
    const { status, output } = await bench(...trusting, ...asOperator)
    expect(status, output).toBe(0)
    const { benchmarks } = benchmarksIn()
    expect(benchmarks).toHaveLength(1)
    for (const { rows } of benchmarks)
      for (const { urls, lack, errors } of rows) expect([urls, lack, errors]).toEqual([[url], undefined, []])
  })

  it('should call rows that missed requests inconclusive, not fast, and delete what it wrote', async () => {
    // The tool exits with 0 when the database is full: each refused put took no time.
    const { url, keys } = await givenEtcd('--quota-backend-bytes=100000')
    const { status, output } = await etcdBench('--endpoints', url, '--yes-write', '--scale', '0.005')
    expect(status, output).toBe(4)
    const { benchmarks } = benchmarksIn()
    const lacking = benchmarks.flatMap(({ rows }) => rows.filter(({ lack }) => lack !== undefined))
    expect(lacking.length).toBeGreaterThan(0)
    const put = lacking.find(({ op, errors }) => op === 'put' && errors.length > 0)
    expect(put?.lack).toMatch(/^\d+ of \d+ requests failed: .*database space exceeded \(\d+\)$/)
    expect(put).toMatchObject({ requestsPerSecond: null, latencyMs: { p50: null, p99: null } })
    expect(await keys()).toBe(0)
  })
})
