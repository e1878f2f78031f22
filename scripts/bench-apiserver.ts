import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import type { V1ConfigMap, V1Secret } from '@kubernetes/client-node'
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { Pool } from 'undici'
import { systemClock } from '../src/base/clock.ts'
import { medianOf } from '../src/base/median.ts'
import { loadCredentials } from '../src/kube/credentials.ts'
import type { ConfigMap, Secret } from '../src/kube/resources.ts'
import type { PlannedWorkload } from '../src/plan/workload.ts'
import { createOwn } from '../src/steps/fill/own-objects.ts'
import { localTarget } from '../src/targets/local/index.ts'
import { nobodyThere } from '../src/testing/load-options.ts'
import { barePods } from '../src/testing/plans.ts'
import { layOutWorkload } from '../src/workload/layout.ts'
import { workloadObjects } from '../src/workload/objects.ts'
import { sendPaced } from '../src/workload/pace.ts'
import { stamped } from '../src/workload/stamp.ts'

/** What one way of creating objects took. */
interface Cost {
  perSecond: number
  clientUs: number
}

type Item = { resource: 'configmaps'; object: ConfigMap } | { resource: 'secrets'; object: Secret }

/** A way to create objects and how many of them it creates in a round. */
interface Variant {
  name: string
  count: number
  atATime: number
  create(item: Item): Promise<unknown>
}

const inFlight = 32
const rounds = 3

/** The document's config objects, in a few namespaces: 8000 configmaps and 2000 secrets of 1 KiB. */
const workload: PlannedWorkload = {
  namespaces: 10,
  sizeClasses: [{ name: 'bench', share: 1, minimumPods: 0 }],
  pods: { ...barePods, total: 40_000, perDeployment: 100 },
  services: 0,
  configObjects: { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: 1024, secretSize: 1024 },
  serviceAccounts: 0,
  pace: { concurrency: inFlight },
  timeout: 0,
}

/**
 * How fast objects are created at a real apiserver, which is on the same machine and then is the limit, and what that
 * costs the client: the very path of the fill, bare pooled requests, and client-node as shipped, in turns.
 */
export async function benchApiserver(componentsSource: string, say: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-bench-'))
  const runId = basename(folder).toLowerCase()
  const target = localTarget({ runId, runFolder: folder, componentsSource, env: process.env, clock: systemClock })
  try {
    const { signal } = new AbortController()
    await using cluster = await target.open({ arm: { id: 'bench', name: 'bench', repetition: 1 }, knobs: [], signal })
    const kubeconfig = join(folder, 'state', 'bench', 'admin.kubeconfig')
    const { server, tls } = await loadCredentials(kubeconfig, nobodyThere)
    const pool = new Pool(server, { connections: inFlight, connect: tls, allowH2: false })
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const stock = config.makeApiClient(CoreV1Api)
    const layout = layOutWorkload(workload, 1)
    for (const namespace of workloadObjects(layout, 'namespaces')) await cluster.api.create('namespaces', namespace)
    const items: Item[] = [
      ...workloadObjects(layout, 'configmaps').map((object) => ({ resource: 'configmaps' as const, object })),
      ...workloadObjects(layout, 'secrets').map((object) => ({ resource: 'secrets' as const, object })),
    ]
    const createWithStock = ({ resource, object }: Item) => {
      const namespace = object.metadata.namespace ?? ''
      return resource === 'configmaps'
        ? stock.createNamespacedConfigMap({ namespace, body: object as unknown as V1ConfigMap })
        : stock.createNamespacedSecret({ namespace, body: object as unknown as V1Secret })
    }
    const variants: Variant[] = [
      {
        name: 'bare pooled undici',
        count: items.length,
        atATime: inFlight,
        async create({ resource, object }) {
          const { body } = await pool.request({
            method: 'POST',
            path: `/api/v1/namespaces/${object.metadata.namespace}/${resource}`,
            body: JSON.stringify(object),
            headers: { 'content-type': 'application/json' },
          })
          return body.json()
        },
      },
      {
        name: 'scale-test',
        count: items.length,
        atATime: inFlight,
        create: ({ resource, object }) => createOwn(cluster.api, resource, stamped(object, runId, 'workload')),
      },
      { name: 'client-node as shipped', count: 1000, atATime: inFlight, create: createWithStock },
      // As its examples do it.
      { name: 'client-node, one by one', count: 500, atATime: 1, create: createWithStock },
    ]
    const costs = new Map(variants.map(({ name }) => [name, [] as Cost[]]))
    for (let round = 0; round < rounds; round++) {
      for (const [index, variant] of variants.entries()) {
        // A name of its own for every object of every round; the stock client takes every tenth, so the same mix.
        const stride = Math.floor(items.length / variant.count)
        const mine = items
          .filter((_, position) => position % stride === 0)
          .map((item) => renamed(item, `${round}${index}`))
        costs.get(variant.name)?.push(await costOf(mine, variant, signal))
      }
    }
    await pool.close()
    report(costs, say)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function renamed(item: Item, suffix: string): Item {
  const metadata = { ...item.object.metadata, name: `${item.object.metadata.name}-${suffix}` }
  return { ...item, object: { ...item.object, metadata } } as Item
}

async function costOf(items: readonly Item[], { create, atATime }: Variant, signal: AbortSignal): Promise<Cost> {
  const send = async (item: Item) => {
    await create(item)
    return true
  }
  const before = process.cpuUsage()
  const startMs = systemClock.nowMs()
  await sendPaced(items, { concurrency: atATime }, send, { clock: systemClock, signal, onSent: () => {} })
  const { user, system } = process.cpuUsage(before)
  return {
    perSecond: (1000 * items.length) / (systemClock.nowMs() - startMs),
    clientUs: (user + system) / items.length,
  }
}

function report(costs: ReadonlyMap<string, readonly Cost[]>, say: (line: string) => void): void {
  const median = (name: string, key: keyof Cost) =>
    medianOf((costs.get(name) ?? []).map((cost) => cost[key])) ?? Number.NaN
  const bareUs = median('bare pooled undici', 'clientUs')
  const stockPerSecond = median('client-node as shipped', 'perSecond')
  say(
    `8000 configmaps and 2000 secrets of 1 KiB at a real apiserver, median of ${rounds} rounds, ${inFlight} at a time`,
  )
  say(`  ${''.padEnd(24)} objects/s   x stock   client us   x bare`)
  for (const name of costs.keys()) {
    const [perSecond, clientUs] = [median(name, 'perSecond'), median(name, 'clientUs')]
    const figures = [
      perSecond.toFixed(0).padStart(9),
      (perSecond / stockPerSecond).toFixed(1).padStart(10),
      clientUs.toFixed(0).padStart(12),
      (clientUs / bareUs).toFixed(2).padStart(9),
    ]
    say(`  ${name.padEnd(24)} ${figures.join('')}`)
  }
  const oneByOne = median('scale-test', 'perSecond') / median('client-node, one by one', 'perSecond')
  say(
    `  scale-test is ${oneByOne.toFixed(1)} times as fast as client-node one by one; with as many at a time the apiserver is the limit`,
  )
}
