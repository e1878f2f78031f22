import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeApi } from '../../src/kube/api.ts'
import { ApiError } from '../../src/kube/api.ts'
import type { SelfSubjectAccessReview } from '../../src/kube/resources.ts'
import type { MetricSample } from '../../src/measure/metrics.ts'
import calibration from '../../src/model/calibration.json' with { type: 'json' }
import type { Fault } from '../../src/model/fault.ts'
import type { PlannedClusters } from '../../src/plan/plan.ts'
import { calibrationSchema } from '../../src/result/calibration.ts'
import type { RunContext } from '../../src/run/context.ts'
import { virtualHost } from '../../src/run/host.ts'
import { executeRun } from '../../src/run/run.ts'
import { plannedWork } from '../../src/steps/planned-work.ts'
import { stepKinds } from '../../src/steps/registry.ts'
import type { RemoteTargetOptions } from '../../src/targets/remote/index.ts'
import { remoteTarget } from '../../src/targets/remote/index.ts'
import type { ClusterApi, Connect } from '../../src/targets/remote/reach.ts'
import { uidOf } from '../../src/targets/remote/reach.ts'
import type { SimulatedCluster } from '../../src/targets/sim/cluster.ts'
import { simulatedTarget } from '../../src/targets/sim/index.ts'
import { planForTests } from '../../src/testing/plans.ts'
import { requestsUnder } from '../../src/testing/profiles.ts'
import { noHosts } from '../../src/testing/tuned-hosts.ts'
import { catalogue } from '../../src/tuning/catalogue.ts'

/** Clusters that exist before a run, simulated, and what target remote needs to find them. */
export interface SimulatedClusters extends AsyncDisposable {
  clusters: Readonly<Record<string, SimulatedCluster>>
  /** For target remote, with the clusters' own nodes. */
  options(runId: string): RemoteTargetOptions
  /** From now on this cluster is where another one was: a kubeconfig was swapped, or an address given to another cluster. */
  swap(cluster: string, by: string, where: 'kubeconfig' | 'address'): void
  /** Whether the user may do anything, as access reviews tell; true at first. */
  setRights(hasRights: boolean): void
  /** Everything that is there, as `cluster resource namespace/name`. */
  contents(): Promise<string[]>
}

const nodes = 2
const { signal } = new AbortController()

/**
 * A cluster for each profile, set as it says, with two nodes of its own; `versions` are those of their apiservers, by profile. `faults` act
 * on all of them.
 */
export async function simulatedClusters(
  profiles: readonly string[],
  versions: Readonly<Record<string, string>> = {},
  faults: readonly Fault[] = [],
): Promise<SimulatedClusters> {
  const known = calibrationSchema.parse(calibration)
  const hardware = { controlPlaneCores: known.machine.cores, hosts: null, hostMemoryBytes: known.machine.memoryBytes }
  const target = simulatedTarget({ seed: 1, calibration: known, hardware, disposable: false, faultsOf: () => faults })
  const { clock } = target
  let hasRights = true
  const folder = mkdtempSync(join(tmpdir(), 'scale-test-remote-'))
  const serverOf = (name: string) => `https://${name}.example:6443`
  const kubeconfigFile = (name: string) => join(folder, `${name}.yaml`)
  const clusters: Record<string, SimulatedCluster> = {}
  const apis = new Map<string, ClusterApi>()
  const targets: PlannedClusters['targets'] = []
  for (const profile of profiles) {
    const knobs = requestsUnder(profile).filter(({ knob }) => target.supports(knob).supported)
    // All of them at the same moment, at zero: so the clock of each is the run's.
    clusters[profile] = await target.open({ arm: { id: `${profile}-1`, name: profile, repetition: 1 }, knobs, signal })
  }
  for (const [profile, cluster] of Object.entries(clusters)) {
    const fleet = { nodes, nodesPerProcess: 1, node: { cpu: 8, memory: '16Gi' } }
    await cluster.startFleet(fleet, signal)
    await clock.sleep(30_000)
    const kubeconfig = kubeconfigFile(profile)
    writeFileSync(kubeconfig, kubeconfigOf(profile, serverOf(profile)))
    const api = asReal(cluster, { name: profile, version: versions[profile], isAllowed: () => hasRights })
    apis.set(serverOf(profile), api)
    targets.push({ kubeconfig, context: profile, uid: await uidOf(api), arms: [profile] })
  }
  const apiAt = (server: string) => {
    const api = apis.get(server)
    if (api === undefined) throw new Error(`nobody is at ${server}`)
    return api
  }
  // What answers is whoever is there when it is asked.
  const connect: Connect = ({ credentials: { server } }) => ({
    create: (resource, object) => apiAt(server).create(resource, object),
    get: (ref) => apiAt(server).get(ref),
    list: (query, until) => apiAt(server).list(query, until),
    count: (query, until) => apiAt(server).count(query, until),
    patch: (ref, patch, subresource) => apiAt(server).patch(ref, patch, subresource),
    delete: (ref, options) => apiAt(server).delete(ref, options),
    watch: (query, until) => apiAt(server).watch(query, until),
    readText: (path, options) => apiAt(server).readText(path, options),
    [Symbol.asyncDispose]: async () => {},
  })
  const base = planForTests({ source: 'none', nodes }, { targets })
  const plan = { ...base, probes: { ...base.probes, node: { name: 'hollow-0' } } }
  return {
    clusters,
    options: (runId) => ({
      plan,
      work: plannedWork(plan, runId, stepKinds),
      holder: { runId, who: 'anna@build-3' },
      runFolder: folder,
      confirmed: [],
      allowInsecure: [],
      stdinIsTerminal: false,
      onPluginLine: () => {},
      kubernetesVersion: (kubernetes) => (kubernetes === undefined ? 'v1.36.3' : `v${kubernetes}.0`),
      env: {},
      hostAccess: noHosts,
      clock,
      now: () => new Date(Date.UTC(2026, 0, 1) + clock.nowMs()),
      connect,
    }),
    swap(cluster, by, where) {
      if (where === 'address') apis.set(serverOf(cluster), apiAt(serverOf(by)))
      else writeFileSync(kubeconfigFile(cluster), kubeconfigOf(cluster, serverOf(by)))
    },
    setRights(has) {
      hasRights = has
    },
    async contents() {
      const found: string[] = []
      for (const [profile, { api }] of Object.entries(clusters))
        found.push(...(await contentsOf(api)).map((one) => `${profile} ${one}`))
      return found.sort()
    },
    async [Symbol.asyncDispose]() {
      for (const cluster of Object.values(clusters)) await cluster[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A run on such clusters. */
export function run(options: RemoteTargetOptions, changes: Partial<RunContext> = {}) {
  return executeRun({
    runId: options.holder.runId,
    plan: options.plan,
    target: remoteTarget(options),
    clock: options.clock,
    host: virtualHost,
    signal: new AbortController().signal,
    emit: () => {},
    onSample: () => {},
    ...changes,
  })
}

/** Everything that is in a cluster, as `resource namespace/name`. */
export async function contentsOf(api: KubeApi): Promise<string[]> {
  const found: string[] = []
  for (const resource of ['namespaces', 'nodes', 'deployments', 'pods', 'leases', 'configmaps'] as const)
    for await (const { items } of api.list({ resource }))
      for (const { metadata } of items) found.push(`${resource} ${metadata.namespace ?? ''}/${metadata.name}`)
  return found.sort()
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

/** A simulated cluster with a UID of its own, and the pages that a real apiserver serves beside its API. */
function asReal(
  { api, scrape, effectiveKnobs }: SimulatedCluster,
  { name, version = 'v1.36.3', isAllowed }: { name: string; version: string | undefined; isAllowed: () => boolean },
): ClusterApi {
  const get: KubeApi['get'] = async (ref) => {
    const found = await api.get(ref)
    if (ref.resource !== 'namespaces' || ref.name !== 'kube-system') return found
    return { ...found, metadata: { ...found.metadata, uid: `uid of ${name}` } }
  }
  const create: KubeApi['create'] = async (resource, object) => {
    if (resource !== 'selfsubjectaccessreviews') return api.create(resource, object)
    return { ...(object as SelfSubjectAccessReview), status: { allowed: isAllowed() } } as unknown as typeof object
  }
  const metricsOf = async (component: 'kube-apiserver' | 'kubelet') =>
    (await scrape({ components: [component] })).flatMap(({ samples }) => samples.map(lineOf)).join('\n')
  const knobsOf = async (component: string) =>
    effectiveKnobs(catalogue.filter((knob) => knob.component === component && knob.setting.via !== 'by-hand'))
  return {
    ...api,
    create,
    get,
    async readText(path) {
      const kubelet = /^\/api\/v1\/nodes\/hollow-0\/proxy(\/.*)$/.exec(path)?.[1]
      switch (kubelet === undefined ? path : `kubelet ${kubelet}`) {
        case '/readyz':
          return 'ok'
        case '/version':
          return JSON.stringify({ gitVersion: version })
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
