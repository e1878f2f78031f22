import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { PassThrough } from 'node:stream'
import { systemClock } from '../src/base/clock.ts'
import { openRecords } from '../src/cli/run-records.ts'
import type { KubeApi, ListQuery, ResourceName } from '../src/kube/api.ts'
import type { RequestRecord } from '../src/kube/transport.ts'
import { decodeWatch } from '../src/kube/watch-stream.ts'
import type { ComponentName, Wanted } from '../src/measure/metrics.ts'
import { seriesOf } from '../src/measure/series.ts'
import type { RecordedCluster } from '../src/record/recording.ts'
import { startRecording } from '../src/record/recording.ts'
import type { ScrapedComponent } from '../src/record/scrape.ts'
import { scrapeEach } from '../src/record/scrape.ts'
import { readThisMachine, watchThisMachine } from '../src/record/this-machine.ts'
import { createVirtualClock } from '../src/testing/virtual-clock.ts'

/**
 * What a recording costs: 20 minutes of 1000 nodes. Time is virtual; parsing pages and events, reading /proc, making figures and writing samples are real. Left
 * out is what HTTP and TLS take, which `bench.ts` measures. Run with --expose-gc.
 */
const nodes = 1000
const durationMs = 20 * 60_000
const phases = 10
/** Every node's status, as the document advises. */
const statusEveryMs = 3000
const requestsPerSecond = 50
const bound = { share: 0.02, bytes: 100e6 }

const clock = createVirtualClock(0)
/** Processor time that making the inputs takes, which is not the recording's. */
let inputUs = 0
function making<T>(make: () => T): T {
  const before = process.cpuUsage()
  const made = make()
  const { user, system } = process.cpuUsage(before)
  inputUs += user + system
  return made
}

/** Lines as a component's page has, of which a run reads a part; counters grow with time. */
function pageOf(component: ComponentName): string {
  const count = 100 + Math.round(clock.nowMs())
  const buckets = (name: string, labels: string) =>
    [...Array.from({ length: 23 }, (_, index) => `${0.005 * 2 ** index}`), '+Inf'].map(
      (le) => `${name}_bucket{${labels}le="${le}"} ${count}`,
    )
  const verbs = ['GET', 'LIST', 'POST', 'PUT', 'PATCH', 'DELETE']
  const kinds = Array.from({ length: 90 }, (_, index) => {
    const resource = `resource${Math.floor(index / verbs.length)}`
    return `component="apiserver",group="apps",resource="${resource}",scope="resource",subresource="",verb="${verbs[index % verbs.length]}",version="v1"`
  })
  const size = ['etcd_mvcc_db_total_size_in_bytes', 'etcd_mvcc_db_total_size_in_use_in_bytes']
  const own: Record<ComponentName, string[]> = {
    'kube-apiserver': kinds.flatMap((labels) => [
      `apiserver_request_total{${labels},code="200"} ${count}`,
      ...buckets('apiserver_request_duration_seconds', `${labels},`),
    ]),
    etcd: [
      ...size.map((name) => `${name} ${count}`),
      ...['etcd_disk_backend_commit_duration_seconds', 'etcd_disk_wal_fsync_duration_seconds'].flatMap((name) =>
        buckets(name, ''),
      ),
    ],
    kubelet: [],
    'kube-controller-manager': [],
    'kube-scheduler': [`scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} ${count}`],
    'kube-proxy': [
      'kubeproxy_network_programming_duration_seconds',
      'kubeproxy_sync_proxy_rules_duration_seconds',
    ].flatMap((name) => buckets(name, '')),
  }
  const lines = ['process_start_time_seconds 1.7e+09', ...own[component]]
  for (const verb of verbs)
    for (const part of ['count', 'sum'])
      lines.push(`rest_client_rate_limiter_duration_seconds_${part}{host="127.0.0.1:6443",verb="${verb}"} ${count}`)
  for (let index = 0; lines.length < samplesOf[component]; index++)
    lines.push(
      `some_other_histogram_bucket{group="apps",resource="resource${index % 90}",verb="GET",le="${index}"} ${count}`,
    )
  return `${lines.join('\n')}\n`
}

/** Samples of pages as they are on a cluster of 1000 nodes. */
const samplesOf: Record<ComponentName, number> = {
  'kube-apiserver': 17_000,
  etcd: 1500,
  kubelet: 1500,
  'kube-controller-manager': 4000,
  'kube-scheduler': 2500,
  'kube-proxy': 800,
}

const components: ScrapedComponent[] = [
  ...(['kube-apiserver', 'etcd', 'kubelet', 'kube-controller-manager', 'kube-scheduler'] as const).map((component) => ({
    component,
    name: component as string,
  })),
  ...Array.from({ length: 10 }, (_, index) => ({ component: 'kube-proxy' as const, name: `hollow-${index}` })),
].map(({ component, name }) => ({ component, name, readPage: async () => making(() => pageOf(component)) }))

/** A Node as large as a hollow one. */
function nodeOf(index: number) {
  return {
    metadata: {
      name: `hollow-${index}`,
      uid: `uid-${index}`,
      resourceVersion: `${Math.round(clock.nowMs())}`,
      labels: {
        'kubernetes.io/hostname': `hollow-${index}`,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    spec: { podCIDR: '10.64.0.0/24', taints: [] },
    status: {
      capacity: { cpu: '8', memory: '16Gi', pods: '110' },
      allocatable: { cpu: '8', memory: '16Gi', pods: '110' },
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: '2026-01-01T00:00:00Z',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: `KubeletHasSufficient${type}`,
        message: 'kubelet has sufficient of it available',
      })),
      images: Array.from({ length: 10 }, (_, image) => ({
        names: [`registry.k8s.io/image-${image}@sha256:${'0'.repeat(64)}`, `registry.k8s.io/image-${image}:1`],
        sizeBytes: 12_345_678,
      })),
      nodeInfo: {
        kubeletVersion: 'v1.36.0',
        osImage: 'Debian GNU/Linux 7 (wheezy)',
        kernelVersion: '3.16.0-0.bpo.4-amd64',
      },
    },
  }
}

async function* watchNodes(signal: AbortSignal) {
  const tickMs = 100
  const body = new PassThrough({ highWaterMark: 1 << 24 })
  const feeding = async () => {
    for (let told = 0, due = 0; ; ) {
      await clock.sleep(tickMs, signal)
      due += (nodes * tickMs) / statusEveryMs
      const lines = making(() => {
        const some: string[] = []
        for (; told < due; told++) some.push(`${JSON.stringify({ type: 'MODIFIED', object: nodeOf(told % nodes) })}\n`)
        return Buffer.from(some.join(''))
      })
      for (let at = 0; at < lines.length; at += 16_384) body.write(lines.subarray(at, at + 16_384))
    }
  }
  feeding().catch(() => body.end())
  yield* decodeWatch(body, clock)
}

let showCanary = (_: object) => {}
async function* watchCanary(signal: AbortSignal) {
  const shown: object[] = []
  showCanary = (object) => shown.push(object)
  while (!signal.aborted) {
    await clock.sleep(500, signal)
    for (const object of shown.splice(0)) yield { type: 'MODIFIED', object, atMs: clock.nowMs() }
  }
}

const api = {
  async *list({ resource }: ListQuery<ResourceName>) {
    const items = resource === 'nodes' ? Array.from({ length: nodes }, (_, index) => nodeOf(index)) : []
    yield { items, resourceVersion: '1' }
  },
  watch: ({ resource }: ListQuery<ResourceName>, signal: AbortSignal) =>
    resource === 'nodes' ? watchNodes(signal) : watchCanary(signal),
  create: async (_: string, object: object) => object,
  patch: async (_: object, { body }: { body: object }) =>
    showCanary({ metadata: { name: 'canary', resourceVersion: '1' }, ...body }),
} as unknown as KubeApi

let listener = (_: RequestRecord) => {}
const ending = new AbortController()
const cluster: RecordedCluster = {
  api,
  clock,
  scrape: (wanted: Wanted = {}) => scrapeEach(components, wanted, ending.signal),
  clientRetries: () => ({ count: 0, waitedMs: 0 }),
  onRequest(told) {
    listener = told
    return () => {}
  },
  // 20 processes of 50 kubelets and the control plane: each is read, whosever it is.
  processes: () => [
    ...Array.from({ length: 20 }, () => ({ component: 'hollow-node', pid: process.pid })),
    ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((component) => ({
      component,
      pid: process.pid,
    })),
  ],
}

const collect = (globalThis as { gc?: () => void }).gc
if (collect === undefined) throw new Error('run with --expose-gc')
function usedBytes(): number {
  collect?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function ask(untilMs: number): Promise<void> {
  while (clock.nowMs() < untilMs) {
    await clock.sleep(1000)
    for (let index = 0; index < requestsPerSecond; index++)
      listener({ verb: 'create', resource: `resource${index % 10}`, status: 201, latencyMs: index })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bench-recording-'))
const records = openRecords(folder, { record: {}, announces: true }, { nowMs: clock.nowMs, sleep: systemClock.sleep })
const bytesBefore = usedBytes()
let mostBytes = 0
let readings = 0
const usageBefore = process.cpuUsage()
const recording = startRecording(
  {
    watchMachine: watchThisMachine,
    readMachine: (processes) => {
      readings++
      return { ...readThisMachine(processes), atMs: clock.nowMs() }
    },
    keep: (sample) => records.sample({ armId: 'bench-1', ...sample }),
  },
  { clock },
)
const whole = await recording.follow(cluster)
let events = 0
recording.nodes.watch(cluster, () => events++).catch(() => {})
recording.nodes.expect(Array.from({ length: nodes }, (_, index) => `hollow-${index}`))
let series = 0
for (let index = 0; index < phases; index++) {
  recording.stepBegan(`step-${index}`, 'Step')
  const phase = await recording.begin(`step-${index}`, { etcdSizes: true })
  phase.sampleWatchLag({ metadata: { name: 'canary', namespace: 'default' } })
  await ask(((index + 1) * durationMs) / phases)
  series += seriesOf(await phase.end(), 'measured').length
  await phase.stop()
  recording.stepEnded()
  mostBytes = Math.max(mostBytes, making(usedBytes))
}
series += seriesOf(await whole.end(), 'measured').length
mostBytes = Math.max(mostBytes, making(usedBytes))
await recording.nodes.stop()
await recording.stop()
records.close()
const { user, system } = process.cpuUsage(usageBefore)
const share = (user + system - inputUs) / 1000 / durationMs
const bytes = mostBytes - bytesBefore

say(
  `a recording of ${durationMs / 60_000} minutes of ${nodes} nodes: ${(100 * share).toFixed(2)} % of a core (at most ${100 * bound.share} %), ${(bytes / 1e6).toFixed(0)} MB (at most ${bound.bytes / 1e6} MB)`,
)
say(`  ${events} node events, ${readings} readings of the machine, ${phases} phases, ${series} series`)
say(`  samples.ndjson: ${(statSync(join(folder, 'samples.ndjson')).size / 1e6).toFixed(1)} MB`)
rmSync(folder, { recursive: true })
if (share > bound.share || bytes > bound.bytes) process.exitCode = 1

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
