import { formatDuration } from '../base/duration.ts'
import type { StopName } from '../plan/stops.ts'
import type { Explanation, LimiterReading, StopsMs } from '../result/result.ts'
import type { ClientLimit } from '../tuning/client-limit.ts'
import type { ComponentMetrics } from './metrics.ts'

/** The limits that were in force, as read back from the components. */
export interface ClientLimits {
  kubelet: ClientLimit
  events: ClientLimit
  controllers: ClientLimit
}

/**
 * What the apiserver answered between two scrapes, as `VERB resource/subresource` -> count. Watches are left out: they
 * are counted when they end.
 */
export function readApiRequests(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
): Record<string, number> {
  const totals = (metrics: readonly ComponentMetrics[]) => {
    const sums = new Map<string, number>()
    for (const { samples } of metrics.filter((one) => one.component === 'kube-apiserver')) {
      for (const { name, labels, value } of samples) {
        if (name !== 'apiserver_request_total' || labels['verb'] === 'WATCH' || !labels['resource']) continue
        const key = `${labels['verb']} ${labels['resource']}${labels['subresource'] ? `/${labels['subresource']}` : ''}`
        sums.set(key, (sums.get(key) ?? 0) + value)
      }
    }
    return sums
  }
  // Counters of an apiserver that was not read before would be all since its start.
  if (!wasRead(before, after, 'kube-apiserver')) return {}
  const start = totals(before)
  const changes = [...totals(after)].map(([key, value]): [string, number] => [key, value - (start.get(key) ?? 0)])
  return Object.fromEntries(changes.filter(([, count]) => count > 0).sort(([, left], [, right]) => right - left))
}

/** Whether every process of a component that was read after was read before as well, and there is one. */
function wasRead(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  component: ComponentMetrics['component'],
): boolean {
  const instances = (metrics: readonly ComponentMetrics[]) =>
    metrics.filter((one) => one.component === component).map(({ instance }) => instance)
  const known = instances(before)
  const found = instances(after)
  return found.length > 0 && found.every((instance) => known.includes(instance))
}

/**
 * What each client-side rate limiter did between two scrapes. The metric tells requests apart by verb only, so buckets
 * are told apart by what their requests can be: a kubelet POSTs events (EventClient) and tokens (KubeClient), and all
 * its other limited requests are KubeClient's (facts: kubernetes-mechanisms section 1). The controllers each have a
 * bucket of the same size; pods are created and deleted by the ReplicaSet controller's alone. A component that was not read
 * has no reading here.
 */
export function readLimiters(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  apiRequests: Readonly<Record<string, number>>,
  limits: ClientLimits,
): LimiterReading[] {
  const kubelet = waitsByVerb(before, after, 'kubelet')
  const controllers = waitsByVerb(before, after, 'kube-controller-manager')
  const tokens = Math.min(apiRequests['POST serviceaccounts/token'] ?? 0, kubelet.get('POST')?.count ?? 0)
  const kubeClient = new Map(kubelet)
  kubeClient.delete('POST')
  if (tokens > 0) kubeClient.set('POST', { count: tokens, waitedMs: 0 })
  const posts = kubelet.get('POST') ?? { count: 0, waitedMs: 0 }
  const eventClient = new Map([['POST', { count: posts.count - tokens, waitedMs: posts.waitedMs }]])

  const kubeletGating = [...kubeClient.values()].reduce((sum, { count }) => sum + count, 0)
  const podsWritten = Math.max(apiRequests['POST pods'] ?? 0, controllers.get('DELETE')?.count ?? 0)
  const readings = [
    reading('kubelet', 'KubeClient', kubeClient, kubeletGating, limits.kubelet),
    reading('kubelet', 'EventClient', eventClient, 0, limits.events),
    reading('kube-controller-manager', 'controllers', controllers, podsWritten, limits.controllers),
  ]
  return readings.filter(({ component }) => wasRead(before, after, component))
}

interface Waits {
  count: number
  waitedMs: number
}

function waitsByVerb(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  component: ComponentMetrics['component'],
): Map<string, Waits> {
  const totals = new Map<string, Waits>()
  const add = (metrics: readonly ComponentMetrics[], sign: 1 | -1) => {
    for (const { samples } of metrics.filter((one) => one.component === component)) {
      for (const { name, labels, value } of samples) {
        const verb = labels['verb'] ?? ''
        const waits = totals.get(verb) ?? { count: 0, waitedMs: 0 }
        if (name === 'rest_client_rate_limiter_duration_seconds_count') waits.count += sign * value
        else if (name === 'rest_client_rate_limiter_duration_seconds_sum') waits.waitedMs += sign * value * 1000
        else continue
        totals.set(verb, waits)
      }
    }
  }
  add(after, 1)
  add(before, -1)
  return new Map([...totals].filter(([, { count }]) => count > 0))
}

function reading(
  component: 'kubelet' | 'kube-controller-manager',
  client: string,
  waits: ReadonlyMap<string, Waits>,
  gatingRequests: number,
  limit: ClientLimit,
): LimiterReading & { component: ComponentMetrics['component'] } {
  const { qps, burst } = limit.kind === 'limited' ? limit : { qps: null, burst: null }
  return {
    component,
    client,
    qps,
    burst,
    requests: Object.fromEntries([...waits].map(([verb, { count }]) => [verb, count])),
    waitedMs: [...waits.values()].reduce((sum, { waitedMs }) => sum + waitedMs, 0),
    gatingRequests,
    floorMs: qps === null || burst === null ? null : (Math.max(0, gatingRequests - burst) / qps) * 1000,
  }
}

/** Which components' requests stand between T0 and a stop. */
const gates: Record<StopName, readonly string[]> = {
  created: ['kube-controller-manager'],
  rsCurrent: ['kube-controller-manager'],
  available: ['kube-controller-manager', 'kubelet'],
  ready: ['kube-controller-manager', 'kubelet'],
  deleted: ['kube-controller-manager', 'kubelet'],
}

/** A limiter explains a stop when its floor is at least this share of it. */
const boundShare = 0.75

/**
 * For every stop that was reached: the limiter whose floor accounts for it, or that none does. The floor is
 * arithmetic on requests the component counted itself, never on the stop.
 */
export function explainStops(stopsMs: StopsMs, limiters: readonly LimiterReading[]): Explanation[] {
  return (Object.entries(stopsMs) as [StopName, number | null][]).flatMap(([stop, stopMs]): Explanation[] => {
    if (stopMs === null) return []
    const candidates = limiters.filter(
      ({ component, floorMs, gatingRequests }) =>
        gates[stop].includes(component) && floorMs !== null && gatingRequests > 0,
    )
    const tightest = candidates.toSorted((left, right) => (right.floorMs ?? 0) - (left.floorMs ?? 0))[0]
    const unread = gates[stop].filter((gate) => limiters.every((one) => one.component !== gate))
    const unreadPart = unread.length === 0 ? {} : { unread }
    if (tightest === undefined || tightest.floorMs === null)
      return [{ stop, boundBy: null, text: 'no client-side limiter was read for this stop', ...unreadPart }]
    const { component, client, gatingRequests, burst, qps, floorMs } = tightest
    const isBound = floorMs >= boundShare * stopMs
    const arithmetic = `(${gatingRequests} requests - burst ${burst}) / ${qps} per second = ${formatDuration(floorMs)} of ${formatDuration(stopMs)}`
    const unreadText = unread.length === 0 ? '' : `; the limit of the ${unread.join(' and of the ')} was not read`
    const text =
      floorMs === 0
        ? `no client limit: the ${component}'s ${gatingRequests} requests fit into its burst of ${burst}`
        : isBound
          ? `bound by the ${component}'s client limit: ${arithmetic}`
          : `not bound by a client limit; the tightest, the ${component}'s, accounts for ${arithmetic}`
    if (isBound) return [{ stop, boundBy: `${component}/${client}`, text }]
    return [{ stop, boundBy: null, text: `${text}${unreadText}`, ...unreadPart }]
  })
}
