import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { Credentials, LoadOptions } from '../../kube/credentials.ts'
import { loadCredentials } from '../../kube/credentials.ts'
import type { RawEndpoint } from '../../kube/http.ts'
import { connectKubeApi } from '../../kube/http.ts'
import type { RetryLimits } from '../../kube/retry.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import { parseJson } from '../../kube/transport.ts'
import type { Plan, PlannedClusters } from '../../plan/plan.ts'

export type PlannedTarget = PlannedClusters['targets'][number]

/** The API of a cluster and the pages that its apiserver serves beside it. */
export type ClusterApi = KubeApi & RawEndpoint

/** A cluster that a plan names, and how it was reached. */
export interface Reach {
  /** What it is to the run. */
  role: 'host' | 'target'
  /** The arms that run on it, by name; none on a host cluster. */
  arms: readonly string[]
  /** Where it stands in the plan: `remote.targets[0]`. */
  path: string
  kubeconfig: string
  context: string
  /** The UID that the plan has for it. */
  plannedUid: string | undefined
  credentials: Credentials
  api: ClusterApi
}

/** A cluster's API over a connection of its own, with the orchestrator's view of its requests. */
export type Connect = (options: {
  credentials: Credentials
  signal: AbortSignal
  retry?: RetryLimits
  onRequest?: (record: RequestRecord) => void
  onRetry?: (retry: { waitMs: number }) => void
}) => ClusterApi & AsyncDisposable

/** Pooled connections over HTTP. */
export function connectOverHttp(clock: Clock): Connect {
  // The fill has up to 128 requests under way; probes, scrapes and watches must not queue behind them.
  return (options) => connectKubeApi({ ...options, clock, connections: 160 })
}

/** What reading kubeconfigs takes from outside. */
export interface ReadOptions extends Omit<LoadOptions, 'context' | 'allowInsecure'> {
  /** The user's home folder, for which a kubeconfig's path may have a `~`. */
  home: string
  /** Contexts that were typed on the command line, whose server may be somebody else's. */
  allowInsecure: readonly string[]
}

/** Everything that finding the clusters of a plan takes from outside. */
export interface ReachOptions extends ReadOptions {
  connect: Connect
  signal: AbortSignal
}

/** The cluster as messages call it: `target untuned (context eu-3)`. */
export function titleOf({ role, arms, context }: Pick<Reach, 'role' | 'arms' | 'context'>): string {
  const which = role === 'host' ? 'host cluster' : arms.length === 0 ? 'target' : `target of ${arms.join(', ')}`
  return `${which} (context ${context})`
}

/** The clusters of a plan; a host cluster only where hollow nodes need it. Throws `Failure('bad-input')` when it has none. */
export function clustersOf({ remote, fleet }: Pick<Plan, 'remote' | 'fleet'>): PlannedClusters {
  if (remote === undefined) {
    throw new Failure('bad-input', 'target remote needs to know its clusters: the plan has no section `remote`', {
      next: 'Write clusters.yaml (see README, Real clusters), or name another file: --clusters FILE',
    })
  }
  const { host, ...others } = remote
  return host === undefined || fleet.source !== 'hollow' ? others : { ...others, host }
}

/** Clusters as they are planned, host first. */
export function plannedPlaces({ host, targets }: PlannedClusters): Omit<Reach, 'credentials' | 'api'>[] {
  return [
    ...(host === undefined ? [] : [{ role: 'host' as const, arms: [], path: 'remote.host', ...placeOf(host) }]),
    ...targets.map((target, index) => ({
      role: 'target' as const,
      arms: target.arms ?? [],
      path: `remote.targets[${index}]`,
      ...placeOf(target),
    })),
  ]
}

function placeOf({ kubeconfig, context, uid }: Pick<PlannedTarget, 'kubeconfig' | 'context' | 'uid'>) {
  return { kubeconfig, context, plannedUid: uid }
}

/**
 * Reads the kubeconfigs of all clusters; connections are made by the first call. Throws `Failure` when a kubeconfig or
 * context is missing, or a connection would not be protected.
 */
export async function reachClusters(planned: PlannedClusters, options: ReachOptions): Promise<Reach[]> {
  const { connect, signal } = options
  // A preflight is to say soon that a cluster does not answer.
  const retry = { attempts: 4, totalMs: 20_000 }
  const located = await locate(plannedPlaces(planned), options)
  return located.map((cluster) => ({ ...cluster, api: connect({ credentials: cluster.credentials, signal, retry }) }))
}

/** A cluster that a plan names, with what its kubeconfig says. */
export type Located = Omit<Reach, 'api'>

/** Reads the kubeconfigs of clusters, one after the other: a credential plugin may want to ask somebody. Throws `Failure`. */
export async function locate(
  places: readonly Omit<Located, 'credentials'>[],
  options: ReadOptions,
): Promise<Located[]> {
  const located: Located[] = []
  for (const place of places) located.push({ ...place, credentials: await credentialsOf(place, options) })
  return located
}

function credentialsOf(
  { kubeconfig, context }: Pick<PlannedTarget, 'kubeconfig' | 'context'>,
  { home, allowInsecure, ...options }: ReadOptions,
): Promise<Credentials> {
  const file = kubeconfig.startsWith('~/') ? join(home, kubeconfig.slice(2)) : kubeconfig
  return loadCredentials(file, { ...options, context, allowInsecure: allowInsecure.includes(context) })
}

/** What identifies a cluster: its kube-system namespace lives as long as it does. Throws `ApiError`. */
export async function uidOf(api: KubeApi): Promise<string> {
  const { metadata } = await api.get({ resource: 'namespaces', name: 'kube-system' })
  return metadata.uid ?? ''
}

/** The version that an apiserver tells, `v1.36.3`. Throws `ApiError`. */
export async function serverVersionOf(api: RawEndpoint): Promise<string> {
  const { gitVersion } = parseJson<{ gitVersion?: unknown }>(await api.readText('/version'))
  return typeof gitVersion === 'string' ? gitVersion : 'unknown'
}

/** Why a cluster could not be asked, as trouble with the infrastructure; any other error as it is. */
export function unreachable(cluster: Pick<Reach, 'role' | 'arms' | 'kubeconfig' | 'context'>, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error
  const { kubeconfig, context } = cluster
  return new Failure('infrastructure', `${titleOf(cluster)} cannot be queried: ${error.message}`, {
    next: `Try: kubectl --kubeconfig ${kubeconfig} --context ${context} get --raw /version`,
    cause: error,
  })
}
