import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { PassThrough } from 'node:stream'
import type { V1Pod } from '@kubernetes/client-node'
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { Pool } from 'undici'
import { systemClock } from '../src/base/clock.ts'
import { medianOf } from '../src/base/median.ts'
import { locateComponents } from '../src/components/components.ts'
import type { Credentials } from '../src/kube/credentials.ts'
import { connectKubeApi } from '../src/kube/http.ts'
import type { Pod } from '../src/kube/resources.ts'
import { decodeWatch } from '../src/kube/watch-stream.ts'
import { createProbeTimeline } from '../src/measure/timeline.ts'
import { localComponents } from '../src/targets/local/binaries.ts'
import { createTestCertificates } from '../src/testing/certificates.ts'
import { benchApiserver } from './bench-apiserver.ts'
import { benchSimulation } from './bench-simulation.ts'

/**
 * What the hot paths cost, as ratios within one run: absolute figures depend on the machine and its neighbours. The
 * server is a process of its own, so that only the client's processor time is counted.
 */
const rounds = 5
const inFlight = 32

const certificates = await createTestCertificates()
const server = fork(join(import.meta.dirname, 'bench-server.ts'))
server.send(certificates)
const [port] = await once(server, 'message')
const url = `https://127.0.0.1:${port}`
const { ca, client } = certificates

const pod: Pod = {
  metadata: { name: 'bench', namespace: 'default', labels: { app: 'bench' } },
  spec: {
    containers: [
      {
        name: 'pause',
        image: 'pause',
        env: Array.from({ length: 20 }, (_, index) => ({ name: `VARIABLE_${index}`, value: 'x'.repeat(60) })),
      },
    ],
  },
}

const pool = new Pool(url, { connections: inFlight, connect: { ca, cert: client.cert, key: client.key } })
const credentials: Credentials = { server: url, tls: { ca, ...client }, headers: async () => ({}) }
const api = connectKubeApi({ credentials, clock: systemClock, connections: inFlight })
const kubeConfig = new KubeConfig()
const inline = (text: string) => Buffer.from(text).toString('base64')
kubeConfig.loadFromOptions({
  clusters: [{ name: 'bench', server: url, caData: inline(ca) }],
  users: [{ name: 'bench', certData: inline(client.cert), keyData: inline(client.key) }],
  contexts: [{ name: 'bench', cluster: 'bench', user: 'bench' }],
  currentContext: 'bench',
})
const stock = kubeConfig.makeApiClient(CoreV1Api)

const variants: { name: string; calls: number; call: () => Promise<unknown> }[] = [
  {
    name: 'bare pooled undici',
    calls: 2000,
    call: async () => {
      const { body } = await pool.request({
        method: 'POST',
        path: '/api/v1/namespaces/default/pods',
        body: JSON.stringify(pod),
        headers: { 'content-type': 'application/json' },
      })
      return body.json()
    },
  },
  { name: 'scale-test', calls: 2000, call: () => api.create('pods', pod) },
  {
    name: 'client-node as shipped',
    calls: 200,
    call: () => stock.createNamespacedPod({ namespace: 'default', body: pod as unknown as V1Pod }),
  },
]

const costs = new Map(variants.map(({ name }) => [name, [] as number[]]))
for (let round = 0; round <= rounds; round++) {
  for (const { name, calls, call } of variants) {
    const costUs = await processorTimePerCall(calls, call)
    // The first round warms up.
    if (round > 0) costs.get(name)?.push(costUs)
  }
}

say(
  `client processor time per created pod of ${JSON.stringify(pod).length} bytes, median of ${rounds} rounds, ${inFlight} at a time`,
)
const bare = medianOf(costs.get('bare pooled undici') ?? []) ?? Number.NaN
for (const [name, samples] of costs) {
  const costUs = medianOf(samples) ?? Number.NaN
  say(`  ${name.padEnd(24)} ${costUs.toFixed(0).padStart(6)} us   x ${(costUs / bare).toFixed(1)}`)
}

const { eventsPerSecond, parsesPerSecond } = await watchRates()
say(
  `watch of 5 KB pods: ${eventsPerSecond.toFixed(0)} events/s decoded, x ${(parsesPerSecond / eventsPerSecond).toFixed(2)} of JSON.parse alone`,
)
say(`timeline: ${bytesPerPod().toFixed(0)} bytes of memory per watched pod`)

server.kill()
await Promise.all([pool.close(), api[Symbol.asyncDispose]()])
await benchSimulation(join(import.meta.dirname, '..'), say)
const componentsSource = join(import.meta.dirname, '..', 'components')
if (locateComponents(localComponents(componentsSource), process.env).missing.length === 0)
  await benchApiserver(componentsSource, say)
else say('SKIPPED: the rates at a real apiserver, because the components are missing (make components builds them)')

async function processorTimePerCall(calls: number, call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  let left = calls
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await call()
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

async function watchRates(): Promise<{ eventsPerSecond: number; parsesPerSecond: number }> {
  const line = JSON.stringify({
    type: 'MODIFIED',
    object: { ...pod, metadata: { ...pod.metadata, resourceVersion: '1', annotations: { filler: 'x'.repeat(2600) } } },
  })
  const count = 20_000
  const body = new PassThrough({ highWaterMark: 1 << 20 })
  const stream = Buffer.from(`${line}\n`.repeat(count))
  const startedMs = systemClock.nowMs()
  const feeding = (async () => {
    for (let at = 0; at < stream.length; at += 16_384)
      if (!body.write(stream.subarray(at, at + 16_384))) await once(body, 'drain')
    body.end()
  })()
  let seen = 0
  for await (const _ of decodeWatch(body, systemClock)) seen++
  await feeding
  const decodedMs = systemClock.nowMs()
  for (let index = 0; index < count; index++) JSON.parse(line)
  const parsedMs = systemClock.nowMs()
  return {
    eventsPerSecond: (seen / (decodedMs - startedMs)) * 1000,
    parsesPerSecond: (count / (parsedMs - decodedMs)) * 1000,
  }
}

function bytesPerPod(): number {
  const count = 50_000
  const timeline = createProbeTimeline({ from: 0, to: 1 })
  const before = process.memoryUsage().heapUsed
  timeline.start(0)
  for (let index = 0; index < count; index++) {
    const object: Pod = { ...pod, metadata: { name: `probe-5d78c9869d-${index}`, uid: `a3f1c2d4-${index}` } }
    timeline.pod({ type: 'ADDED', object, atMs: index, exact: true })
  }
  return (process.memoryUsage().heapUsed - before) / count
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
