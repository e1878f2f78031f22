import { minorNumberOf } from '../../../base/kubernetes-version.ts'
import { observed } from '../../../measure/histogram.ts'
import type { MetricSample } from '../../../measure/metrics.ts'
import { gaugeIn } from '../../../measure/metrics.ts'
import { parsePrometheusText } from '../../../measure/prometheus.ts'
import { findApiservers } from '../apiservers.ts'
import type { Component } from '../components.ts'
import type { Reach } from '../reach.ts'
import { serverVersionOf } from '../reach.ts'
import type {
  BackupFact,
  ClusterFacts,
  ControlPlaneComponent,
  ControlPlanePod,
  EtcdMember,
  KubeletFact,
  NodeFact,
  PageFact,
} from './facts.ts'
import type { Flags } from './flags.ts'
import { flagsOnPage } from './flags.ts'
import {
  allowsEverything,
  backupIn,
  bindingFact,
  bindingSchema,
  configzSchema,
  controlPlanePod,
  cronJobSchema,
  daemonSetSchema,
  groupsSchema,
  namedSchema,
  nodeFact,
  nodeSchema,
  podSchema,
  roleSchema,
  scheduleSchema,
  veleroBackup,
  versionOfImage,
} from './manifests.ts'
import type { Provider } from './providers.ts'
import { hiddenBy, providerOf } from './providers.ts'
import type { Reader } from './read.ts'
import { attempt, getOne, listAll } from './read.ts'
import type { Seen } from './seen.ts'

/** Where a checklist looks. */
export interface Gathering {
  cluster: Reach
  /** Whose pages can be read: the apiserver's, and those of the components that clusters.yaml names. */
  readable: readonly Component[]
  /** The newest version of Kubernetes that this program knows. */
  newestVersion: string
  signal: AbortSignal
}

/** So many kubelets are asked: all of them would be thousands, and one pool of nodes is set up alike. */
const kubeletsAsked = 5

const monitoringSelector = encodeURIComponent(
  'app.kubernetes.io/name in (prometheus,prometheus-operator,kube-prometheus-stack,kube-state-metrics,victoria-metrics-single,vmagent,vmsingle,grafana-agent,alloy,opentelemetry-collector,datadog,metrics-server)',
)

/**
 * Reads everything that the checklist judges, once; reads only. What cannot be read says why, and is no reason to stop. Throws `ApiError` where the
 * apiserver does not even tell its version, and what `signal` aborts with.
 */
export async function gatherFacts(gathering: Gathering): Promise<ClusterFacts> {
  const { cluster, readable, newestVersion, signal } = gathering
  const { api } = cluster
  const reader: Reader = { api, signal }
  const version = await serverVersionOf(api)
  const [apiservers, nodes, allPods, pages, groups] = await Promise.all([
    findApiservers(api, signal),
    attempt(signal, 'list nodes', async () => (await listAll(reader, '/api/v1/nodes', nodeSchema)).map(nodeFact)),
    attempt(signal, 'list pods in kube-system', () => podsOf(reader)),
    Promise.all(readable.map((one) => pageOf(one, signal))),
    attempt(signal, 'read /apis', async () =>
      (await getOne(reader, '/apis', groupsSchema)).groups.map(({ name }) => name),
    ),
  ])
  const hasOwn = 'value' in allPods && allPods.value.length > 0
  const managed = hasOwn ? undefined : providerOf(version, 'value' in nodes ? nodes.value : [])
  const pods = notHidden(allPods, managed)
  const [flags, etcd, proxy, kubelets, bindings, wildcardRoles, metricsApi, backups, monitoringPods] =
    await Promise.all([
      flagsOf(readable, pods, signal),
      etcdOf(pages, managed, signal),
      attempt(signal, 'get daemonsets kube-proxy in kube-system', async () => {
        const path = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy'
        const { spec } = await getOne(reader, path, daemonSetSchema)
        return versionOfImage(spec.template.spec.containers[0]?.image)
      }),
      kubeletsOf(reader, nodes),
      attempt(signal, 'list clusterrolebindings', async () =>
        (await listAll(reader, `${rbac}/clusterrolebindings`, bindingSchema)).map(bindingFact),
      ),
      attempt(signal, 'list clusterroles', async () =>
        (await listAll(reader, `${rbac}/clusterroles`, roleSchema))
          .filter(allowsEverything)
          .map(({ metadata }) => metadata.name),
      ),
      attempt(signal, 'read /apis/metrics.k8s.io/v1beta1', async () => {
        await api.readText('/apis/metrics.k8s.io/v1beta1', { signal, attempts: 1 })
        return true as const
      }),
      attempt(signal, 'list cronjobs', () => backupsOf(reader, groups)),
      attempt(signal, 'list pods', async () =>
        (await listAll(reader, `/api/v1/pods?labelSelector=${monitoringSelector}`, namedSchema)).map(
          ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
        ),
      ),
    ])
  return {
    managed,
    version,
    newestMinor: minorNumberOf(newestVersion) ?? 0,
    apiservers,
    nodes,
    pods,
    flags,
    etcd,
    pages: pages.map(({ one: { component, name }, page }): PageFact => {
      const about = 'value' in page ? { value: { version: buildVersion(page.value) } } : page
      return { component, name, page: about }
    }),
    proxy,
    kubelets,
    bindings,
    wildcardRoles,
    groups,
    metricsApi,
    backups,
    monitoringPods,
  }
}

const rbac = '/apis/rbac.authorization.k8s.io/v1'

/** Pods of the control plane: in kube-system, by the labels of kubeadm and its like, and of kops. */
async function podsOf(reader: Reader): Promise<ControlPlanePod[]> {
  const selectors = [
    'tier=control-plane',
    'k8s-app in (kube-apiserver,kube-controller-manager,kube-scheduler,etcd-manager-main)',
  ]
  const found = await Promise.all(
    selectors.map((selector) =>
      listAll(reader, `/api/v1/namespaces/kube-system/pods?labelSelector=${encodeURIComponent(selector)}`, podSchema),
    ),
  )
  return found.flat().flatMap((pod) => controlPlanePod(pod) ?? [])
}

/** Where there are no pods, that is what is to be told. */
function notHidden(
  pods: Seen<readonly ControlPlanePod[]>,
  managed: Provider | undefined,
): Seen<readonly ControlPlanePod[]> {
  if (!('value' in pods) || pods.value.length > 0) return pods
  return hiddenBy(managed, {
    because: 'kube-system has no pods of the control plane',
    next: 'Look at the command lines on the machines of the control plane: ps -ef | grep kube-apiserver',
  })
}

interface ReadPage {
  one: Component
  page: Seen<readonly MetricSample[]>
}

async function pageOf(one: Component, signal: AbortSignal): Promise<ReadPage> {
  const page = await attempt(signal, `read /metrics of ${one.name}`, async () =>
    parsePrometheusText(await one.readPage('/metrics')),
  )
  return { one, page }
}

function buildVersion(samples: readonly MetricSample[]): string | undefined {
  return samples.find(({ name }) => name === 'kubernetes_build_info')?.labels['git_version']
}

/** Flags of each component: from its pods where they are to be seen, otherwise from `/flagz`, which etcd does not have. */
async function flagsOf(
  readable: readonly Component[],
  pods: Seen<readonly ControlPlanePod[]>,
  signal: AbortSignal,
): Promise<ClusterFacts['flags']> {
  const of = async (component: ControlPlaneComponent): Promise<Seen<readonly Flags[]>> => {
    const own = 'value' in pods ? pods.value.filter((pod) => pod.component === component) : []
    if (own.length > 0) return own.every(hasFlags) ? { value: own.map(({ flags }) => flags) } : inFile(own)
    if (component === 'etcd')
      return 'value' in pods
        ? {
            because: 'etcd does not run in pods of kube-system, and serves its flags nowhere',
            next: 'On each machine of etcd: systemctl cat etcd, or ps -ef | grep etcd',
          }
        : pods
    const pages = await Promise.all(
      readable
        .filter((one) => one.component === component)
        .map((one) =>
          attempt(signal, `read /flagz of ${one.name}`, async () => ({
            from: `${one.name} /flagz`,
            values: flagsOnPage(await one.readPage('/flagz')),
          })),
        ),
    )
    const seen = pages.flatMap((one) => ('value' in one ? [one.value] : []))
    if (seen.length > 0) return { value: seen }
    const [refused] = pages.flatMap((one) => ('value' in one ? [] : [one]))
    if (!('value' in pods)) {
      const because = refused === undefined ? pods.because : `${pods.because}; ${refused.because}`
      return { because, next: refused?.next ?? pods.next }
    }
    return (
      refused ?? {
        because: `${component} does not run in a pod of kube-system, and clusters.yaml does not say where it serves`,
        next: `Add components.${component} to the cluster in clusters.yaml`,
      }
    )
  }
  const [apiserver, controllerManager, scheduler, etcd] = await Promise.all([
    of('kube-apiserver'),
    of('kube-controller-manager'),
    of('kube-scheduler'),
    of('etcd'),
  ])
  return {
    'kube-apiserver': apiserver,
    'kube-controller-manager': controllerManager,
    'kube-scheduler': scheduler,
    etcd,
  }
}

/** Settings in a file that a flag names are not in the pod. */
function hasFlags({ component, flags }: ControlPlanePod): boolean {
  return component !== 'etcd' || !flags.values.has('config-file')
}

function inFile(pods: readonly ControlPlanePod[]): { because: string; next: string } {
  const [file = ''] = pods.flatMap(({ flags }) => flags.values.get('config-file') ?? [])
  return { because: `etcd's settings are in a file: ${file}`, next: `Read ${file} on the machines of etcd` }
}

/** What the members of etcd say; all that clusters.yaml names have to. */
async function etcdOf(
  pages: readonly ReadPage[],
  managed: Provider | undefined,
  signal: AbortSignal,
): Promise<Seen<readonly EtcdMember[]>> {
  const asked = pages.filter(({ one }) => one.component === 'etcd')
  if (asked.length === 0)
    return hiddenBy(managed, {
      because: 'clusters.yaml does not say where etcd serves',
      next: 'Add components.etcd to the cluster in clusters.yaml: a URL for each member, such as https://10.0.0.1:2379',
    })
  const members = await Promise.all(
    asked.map(async ({ one, page }): Promise<Seen<EtcdMember>> => {
      if (!('value' in page)) return page
      const isPlain = one.url?.startsWith('http:') === true
      return { value: memberOf(one.name, page.value, isPlain && (await servesClients(one, signal))) }
    }),
  )
  const unseen = members.find((member) => !('value' in member))
  if (unseen !== undefined && !('value' in unseen)) return unseen
  return { value: members.flatMap((member) => ('value' in member ? [member.value] : [])) }
}

/** Only etcd's listeners for clients serve `/version`; one that only serves metrics, which may well have no TLS, does not (etcd, embed/etcd.go). */
async function servesClients(one: Component, signal: AbortSignal): Promise<boolean> {
  const answer = await attempt(signal, 'read /version', () => one.readPage('/version'))
  return 'value' in answer && answer.value.includes('etcdserver')
}

/** What a page of etcd's says. */
function memberOf(name: string, samples: readonly MetricSample[], servesWithoutTls: boolean): EtcdMember {
  const gaugeOf = (metric: string) => gaugeIn(samples, metric)
  const flagOf = (metric: string) => {
    const value = gaugeOf(metric)
    return value === undefined ? undefined : value === 1
  }
  const of = (metric: string) => samples.filter((sample) => sample.name === metric)
  return {
    name,
    hasLeader: flagOf('etcd_server_has_leader'),
    isLeader: flagOf('etcd_server_is_leader'),
    leaderChanges: gaugeOf('etcd_server_leader_changes_seen_total'),
    peers: new Set(
      of('etcd_network_active_peers')
        .filter(({ value }) => value > 0)
        .map(({ labels }) => labels['Remote']),
    ).size,
    quotaBytes: gaugeOf('etcd_server_quota_backend_bytes'),
    sizeBytes: gaugeOf('etcd_mvcc_db_total_size_in_bytes'),
    walFsync: observed(of('etcd_disk_wal_fsync_duration_seconds_bucket')),
    backendCommit: observed(of('etcd_disk_backend_commit_duration_seconds_bucket')),
    peerRoundTrip: observed(of('etcd_network_peer_round_trip_time_seconds_bucket')),
    servesWithoutTls,
  }
}

/** Asks a few kubelets, those of the control plane first, through the apiserver. */
async function kubeletsOf(
  { api, signal }: Reader,
  nodes: Seen<readonly NodeFact[]>,
): Promise<Seen<readonly KubeletFact[]>> {
  if (!('value' in nodes)) return nodes
  const asked = nodes.value.toSorted((one, other) => Number(other.isControlPlane) - Number(one.isControlPlane))
  if (asked.length === 0) return { because: 'the cluster has no nodes', next: 'Run doctor again when it has' }
  const answers = await Promise.all(
    asked.slice(0, kubeletsAsked).map(({ name }) =>
      attempt(signal, `get nodes/proxy (/configz of ${name})`, async (): Promise<KubeletFact> => {
        const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/configz`
        const { kubeletconfig } = await getOne({ api, signal }, path, configzSchema, { attempts: 1 })
        const { authentication, authorization } = kubeletconfig
        return {
          node: name,
          clientCaFile: authentication?.x509?.clientCAFile,
          allowsAnonymous: authentication?.anonymous?.enabled ?? undefined,
          authorization: authorization?.mode,
        }
      }),
    ),
  )
  const seen = answers.flatMap((one) => ('value' in one ? [one.value] : []))
  const [refused] = answers.flatMap((one) => ('value' in one ? [] : [one]))
  if (seen.length > 0 || refused === undefined) return { value: seen }
  return {
    ...refused,
    next: 'Grant get on nodes/proxy, as manifests/rbac-target.yaml does; it allows more than reading',
  }
}

async function backupsOf(reader: Reader, groups: Seen<readonly string[]>): Promise<BackupFact[]> {
  const cronJobs = await listAll(reader, '/apis/batch/v1/cronjobs', cronJobSchema)
  const hasVelero = 'value' in groups && groups.value.includes('velero.io')
  const schedules = hasVelero ? await listAll(reader, '/apis/velero.io/v1/schedules', scheduleSchema) : []
  return [...cronJobs.flatMap((job) => backupIn(job) ?? []), ...schedules.map(veleroBackup)]
}
