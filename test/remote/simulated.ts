import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeApi } from '../../src/kube/api.ts'
import { ApiError } from '../../src/kube/api.ts'
import type { SelfSubjectAccessReview } from '../../src/kube/resources.ts'
import type { MetricSample } from '../../src/measure/metrics.ts'
import type { PlannedClusters } from '../../src/plan/plan.ts'
import { planForTests } from '../../src/plan/testing.ts'
import { calibrationSchema } from '../../src/result/calibration.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import type { ClusterApi, Connect } from '../../src/targets/remote/reach.ts'
import { uidOf } from '../../src/targets/remote/reach.ts'
import calibration from '../../src/targets/sim/calibration.json' with { type: 'json' }
import type { SimulatedCluster } from '../../src/targets/sim/cluster.ts'
import { simulatedTarget } from '../../src/targets/sim/index.ts'
import { catalogue } from '../../src/tuning/catalogue.ts'
import type { ProfileName } from '../../src/tuning/profiles.ts'
import { requestsOf } from '../../src/tuning/profiles.ts'

/** Clusters that exist before a run, simulated, and what target remote needs to find them. */
export interface SimulatedClusters extends AsyncDisposable {
  clusters: Readonly<Record<string, SimulatedCluster>>
  /** For target remote, with the clusters' own nodes. */
  options(runId: string): RemoteTargetOptions
  /** Everything that is there, as `resource namespace/name`. */
  contents(): Promise<string[]>
}

const nodes = 2
const { signal } = new AbortController()

/** A cluster for each profile, set as it says, with two nodes of its own. */
export async function simulatedClusters(profiles: readonly ProfileName[]): Promise<SimulatedClusters> {
  // Virtual time does not wait for a module that is loaded only when a kubeconfig is read.
  await import('@kubernetes/client-node')
  const known = calibrationSchema.parse(calibration)
  const hardware = { controlPlaneCores: known.machine.cores, hosts: null, hostMemoryBytes: known.machine.memoryBytes }
  const target = simulatedTarget({ seed: 1, calibration: known, hardware, disposable: false })
  const { clock } = target
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-remote-'))
  const clusters: Record<string, SimulatedCluster> = {}
  const apis = new Map<string, ClusterApi>()
  const targets: PlannedClusters['targets'] = []
  for (const profile of profiles) {
    const knobs = requestsOf(profile).filter(({ knob }) => target.supports(knob).supported)
    // All of them at the same moment, at zero: so the clock of each is the run's.
    clusters[profile] = await target.open({ armId: `${profile}-1`, repetition: 1, knobs, signal })
  }
  for (const [profile, cluster] of Object.entries(clusters)) {
    const fleet = { nodes, nodesPerProcess: 1, node: { cpu: 8, memory: '16Gi', containerStartDelayMs: 0 } }
    await cluster.startFleet(fleet, signal)
    await clock.sleep(30_000)
    const server = `https://${profile}.example:6443`
    const kubeconfig = join(folder, `${profile}.yaml`)
    writeFileSync(kubeconfig, kubeconfigOf(profile, server))
    apis.set(server, withPages(cluster))
    targets.push({ kubeconfig, context: profile, uid: await uidOf(cluster.api), arms: [profile] })
  }
  const connect: Connect = ({ credentials }) => {
    const api = apis.get(credentials.server)
    if (api === undefined) throw new Error(`nobody is at ${credentials.server}`)
    return { ...api, [Symbol.asyncDispose]: async () => {} }
  }
  return {
    clusters,
    options: (runId) => ({
      plan: {
        ...planForTests({ source: 'none', nodes }, { targets }),
        probes: { ...planForTests().probes, node: { name: 'hollow-0' } },
      },
      holder: { runId, who: 'anna@build-3' },
      runFolder: folder,
      confirmed: [],
      kubernetesVersion: 'v1.36.3',
      env: {},
      clock,
      now: () => new Date(Date.UTC(2026, 0, 1) + clock.nowMs()),
      connect,
    }),
    async contents() {
      const found: string[] = []
      for (const [profile, { api }] of Object.entries(clusters)) {
        for (const resource of ['namespaces', 'nodes', 'deployments', 'pods', 'leases', 'configmaps'] as const) {
          for await (const { items } of api.list({ resource })) {
            for (const { metadata } of items)
              found.push(`${profile} ${resource} ${metadata.namespace ?? ''}/${metadata.name}`)
          }
        }
      }
      return found.sort()
    },
    async [Symbol.asyncDispose]() {
      for (const cluster of Object.values(clusters)) await cluster[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function kubeconfigOf(context: string, server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server } }],
    users: [{ name: 'tester', user: { token: 'secret' } }],
    contexts: [{ name: context, context: { cluster: context, user: 'tester' } }],
  })
}

/** A simulated cluster with the pages that a real apiserver serves beside its API. */
function withPages({ api, scrape, effectiveKnobs }: SimulatedCluster): ClusterApi {
  const create: KubeApi['create'] = async (resource, object) => {
    if (resource !== 'selfsubjectaccessreviews') return api.create(resource, object)
    return { ...(object as SelfSubjectAccessReview), status: { allowed: true } } as unknown as typeof object
  }
  const metricsOf = async (component: 'kube-apiserver' | 'kubelet') =>
    (await scrape({ components: [component] })).flatMap(({ samples }) => samples.map(lineOf)).join('\n')
  const knobsOf = async (component: string) =>
    effectiveKnobs(catalogue.filter((knob) => knob.component === component && knob.setting.via !== 'by-hand'))
  return {
    ...api,
    create,
    async readText(path) {
      const kubelet = /^\/api\/v1\/nodes\/hollow-0\/proxy(\/.*)$/.exec(path)?.[1]
      switch (kubelet === undefined ? path : `kubelet ${kubelet}`) {
        case '/version':
          return '{"gitVersion":"v1.36.3"}'
        case '/metrics':
          return metricsOf('kube-apiserver')
        case 'kubelet /metrics':
          return metricsOf('kubelet')
        case 'kubelet /configz': {
          const fields = (await knobsOf('kubelet')).map(({ id, effective }) => [id.replace('kubelet.', ''), effective])
          return JSON.stringify({ kubeletconfig: Object.fromEntries(fields) })
        }
        default:
          throw new ApiError(404, 'NotFound', `get ${path}: there is no such page`)
      }
    },
  }
}

function lineOf({ name, labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}
