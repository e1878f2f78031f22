import { formatDuration } from '../base/duration.ts'
import { countMore, sumOf } from '../base/sum.ts'
import type { StopName } from '../plan/stops.ts'
import type { Explanation, LimiterReading } from '../result/parts.ts'
import { clockResolutionMs } from '../result/sample.ts'
import type { StopsMs } from '../result/timeline.ts'
import type { ClientLimit } from '../tuning/client-limit.ts'
import type { MetricSample } from './metrics.ts'
import type { Pairs } from './pairs.ts'
import { increasesOf, isWhole, pairs } from './pairs.ts'
import type { Pages } from './window.ts'

/** The limits that were in force, as read back from the components. */
export interface ClientLimits {
  kubelet: ClientLimit
  events: ClientLimit
  controllers: ClientLimit
  /** Each of its two clients has it. */
  scheduler: ClientLimit
}

/** What a step gave the components to do, as its watches saw it. */
export interface WorkSeen {
  podsCreated: number
  podsBound: number
  podsDeleted: number
  /** Service-account tokens that the pods of the node whose kubelet is read need. */
  tokens: number
}

/** Requests by what was asked, as `VERB resource/subresource` -> count. */
export type ApiRequests = Record<string, number>

/**
 * What the apiserver answered between two scrapes, as `VERB resource/subresource` -> count, the most frequent first. Watches are left out: they
 * are counted when they end. Undefined where not every apiserver was read both times.
 */
export function readApiRequests(pages: Pages): ApiRequests | undefined {
  const answered = increasesOf(pairs(pages, 'kube-apiserver'), 'apiserver_request_total')
  if (answered === undefined) return undefined
  const counts = new Map<string, number>()
  for (const { labels, value } of answered) {
    const { verb, resource, subresource } = labels
    if (verb === undefined || verb === 'WATCH' || !resource || value === 0) continue
    const key = `${verb} ${resource}${subresource ? `/${subresource}` : ''}`
    countMore(counts, key, value)
  }
  return Object.fromEntries([...counts].sort(([, left], [, right]) => right - left))
}

/**
 * What each client-side rate limiter did between two scrapes. The metric distinguishes requests by verb only, so buckets are distinguished by what
 * their requests can be: a kubelet POSTs events (EventClient) and tokens (KubeClient), and all its other limited requests are KubeClient's
 * (kubelet's cmd/kubelet/app/server.go makes both; it PATCHes an event from the tenth like it about one object on, which no probe gets to). A wait is
 * a limiter's only where its verb is: POST is shared while there are tokens or reviews beside events, and then nobody knows whose it was.
 *
 * The controllers each have a bucket of the same size; pods are created and deleted by the ReplicaSet controller's alone. How many of them the
 * probe waited for is what its watches saw, and not what the apiserver answered, which is everybody's; the controllers' own count is the most it
 * can be. So it is with the scheduler, which POSTs bindings by one client and events by another. A component that was not read both times has no
 * reading here.
 */
export function readLimiters(
  pages: Pages,
  apiRequests: ApiRequests | undefined,
  limits: ClientLimits,
  work: WorkSeen,
): LimiterReading[] {
  return [
    ...readKubelet(pairs(pages, 'kubelet'), apiRequests, limits, work),
    ...readControllers(pairs(pages, 'kube-controller-manager'), limits, work),
    ...readScheduler(pairs(pages, 'kube-scheduler'), limits, work),
  ]
}

function readKubelet(
  read: Pairs,
  apiRequests: ApiRequests | undefined,
  limits: ClientLimits,
  work: WorkSeen,
): LimiterReading[] {
  const waits = waitsByVerb(read)
  if (waits === undefined) return []
  const { POST: posts = noWaits, ...others } = waits
  const split = splitPosts(posts.count, apiRequests, work.tokens)
  if (split === undefined) return []
  const { ofKubeClient, sender } = split
  const waitedMs = totalOf(Object.values(others), 'waitedMs')
  const gatingRequests = totalOf(Object.values(others), 'count') + ofKubeClient
  return [
    {
      component: 'kubelet',
      client: 'KubeClient',
      requests: { ...countsOf(others), ...(ofKubeClient > 0 && { POST: ofKubeClient }) },
      waitedMs: sender === 'both' ? null : waitedMs + (sender === 'KubeClient' ? posts.waitedMs : 0),
      ...floorOf(limits.kubelet, gatingRequests),
    },
    {
      component: 'kubelet',
      client: 'EventClient',
      requests: { POST: posts.count - ofKubeClient },
      waitedMs: sender === 'both' ? null : sender === 'EventClient' ? posts.waitedMs : 0,
      // Nothing waits for events.
      ...floorOf(limits.events, 0),
    },
  ]
}

/** A kubelet's POSTs that are no events: its pods' tokens, and who may read its own pages, which it asks the apiserver. */
const tokenRequest = 'POST serviceaccounts/token'
const reviewRequests = ['POST subjectaccessreviews', 'POST tokenreviews']

/**
 * Whose a kubelet's POSTs were: which client sent them all, if one did, and how many of them KubeClient sent. That takes what the apiserver
 * answered, which is everybody's: no more than the pods need tokens. Undefined where it was not read and they need any.
 */
function splitPosts(
  posts: number,
  apiRequests: ApiRequests | undefined,
  tokensNeeded: number,
): { ofKubeClient: number; sender: 'KubeClient' | 'EventClient' | 'both' } | undefined {
  if (posts === 0) return { ofKubeClient: 0, sender: 'EventClient' }
  if (apiRequests === undefined) return tokensNeeded === 0 ? { ofKubeClient: 0, sender: 'both' } : undefined
  // What the apiserver was never asked for it has no count of.
  const answered = (request: string) => apiRequests[request] ?? 0
  if (sumOf([tokenRequest, ...reviewRequests].map(answered)) === 0) return { ofKubeClient: 0, sender: 'EventClient' }
  if (answered('POST events') === 0) return { ofKubeClient: posts, sender: 'KubeClient' }
  return { ofKubeClient: Math.min(answered(tokenRequest), posts, tokensNeeded), sender: 'both' }
}

function readControllers(read: Pairs, { controllers: limit }: ClientLimits, work: WorkSeen): LimiterReading[] {
  if (!isWhole(read)) return []
  // Without a limiter nothing waits, and nothing is counted.
  const waits = waitsByVerb(read) ?? (limit.kind === 'none' ? {} : undefined)
  if (waits === undefined) return []
  const { POST: posts = noWaits, DELETE: deletes = noWaits } = waits
  const podsWritten = Math.min(work.podsCreated, posts.count) + Math.min(work.podsDeleted, deletes.count)
  return [
    {
      component: 'kube-controller-manager',
      client: 'controllers',
      requests: countsOf(waits),
      waitedMs: totalOf(Object.values(waits), 'waitedMs'),
      ...floorOf(limit, limit.kind === 'none' ? work.podsCreated + work.podsDeleted : podsWritten),
    },
  ]
}

function readScheduler(read: Pairs, { scheduler: limit }: ClientLimits, work: WorkSeen): LimiterReading[] {
  if (!isWhole(read)) return []
  const waits = waitsByVerb(read) ?? (limit.kind === 'none' ? {} : undefined)
  if (waits === undefined) return []
  const { POST: posts = noWaits, ...others } = waits
  const bindings = limit.kind === 'none' ? work.podsBound : Math.min(work.podsBound, posts.count)
  return [
    {
      component: 'kube-scheduler',
      client: 'bindings',
      requests: { ...countsOf(others), ...(posts.count > 0 && { POST: Math.min(bindings, posts.count) }) },
      waitedMs: posts.count > bindings ? null : totalOf(Object.values(waits), 'waitedMs'),
      ...floorOf(limit, bindings),
    },
  ]
}

/** What requests of one verb have waited for tokens of a bucket. */
interface Wait {
  count: number
  waitedMs: number
}

const noWaits: Wait = { count: 0, waitedMs: 0 }
const waitMetric = 'rest_client_rate_limiter_duration_seconds'

/** Undefined where the component's limiters were not read both times. */
function waitsByVerb(read: Pairs): Record<string, Wait> | undefined {
  const [counts, seconds] = [increasesOf(read, `${waitMetric}_count`), increasesOf(read, `${waitMetric}_sum`)]
  if (counts === undefined || seconds === undefined) return undefined
  const total = (samples: readonly MetricSample[], verb: string) =>
    sumOf(samples.filter(({ labels }) => labels['verb'] === verb).map(({ value }) => value))
  const verbs = new Set(counts.flatMap(({ labels, value }) => (value > 0 ? (labels['verb'] ?? []) : [])))
  return Object.fromEntries(
    [...verbs].map((verb) => [verb, { count: total(counts, verb), waitedMs: 1000 * total(seconds, verb) }]),
  )
}

function countsOf(waits: Readonly<Record<string, Wait>>): Record<string, number> {
  return Object.fromEntries(Object.entries(waits).map(([verb, { count }]) => [verb, count]))
}

function totalOf(waits: readonly Wait[], part: keyof Wait): number {
  return sumOf(waits.map((wait) => wait[part]))
}

/** A limit, and the least time that a full bucket needs for the requests that something waits for. */
function floorOf(
  limit: ClientLimit,
  gatingRequests: number,
): Pick<LimiterReading, 'limit' | 'qps' | 'burst' | 'gatingRequests' | 'floorMs'> {
  if (limit.kind !== 'limited') return { limit: limit.kind, qps: null, burst: null, gatingRequests, floorMs: null }
  const { kind, qps, burst } = limit
  return { limit: kind, qps, burst, gatingRequests, floorMs: (Math.max(0, gatingRequests - burst) / qps) * 1000 }
}

type Gate = 'kubelet' | 'kube-controller-manager' | 'kube-scheduler'

/** Which components' requests stand between T0 and a stop. */
const gates: Record<StopName, readonly Gate[]> = {
  created: ['kube-controller-manager'],
  // What a single pod takes fits into every burst.
  first: [],
  rsCurrent: ['kube-controller-manager'],
  available: ['kube-controller-manager', 'kube-scheduler', 'kubelet'],
  ready: ['kube-controller-manager', 'kube-scheduler', 'kubelet'],
  deleted: ['kube-controller-manager', 'kubelet'],
}

/** Of which client they are. */
const gatingClients: Record<Gate, string> = {
  kubelet: 'KubeClient',
  'kube-controller-manager': 'controllers',
  'kube-scheduler': 'bindings',
}

/**
 * A limiter explains a stop when its floor is within these shares of it. Nothing can be faster than a bucket lets it: a floor beyond the stop, and
 * beyond what was counted until somebody looked again, says that something was counted or read wrong.
 */
export const explains = { least: 0.75, most: 1.1 }

/**
 * For every stop that was reached: the limiter whose floor accounts for it, that none does, that the arithmetic contradicts it, or that there is
 * no telling. The floor is arithmetic on requests the component counted itself, never on the stop. A stop that was seen late came somewhere
 * within `vagueByMs` before.
 */
export function explainStops(
  stopsMs: StopsMs,
  limiters: readonly LimiterReading[],
  vagueByMs: Readonly<Record<string, number>> = {},
): Explanation[] {
  return (Object.entries(stopsMs) as [StopName, number | null][]).flatMap(([stop, stopMs]) =>
    stopMs === null || gates[stop].length === 0
      ? []
      : [{ stop, ...explain({ stopMs, vagueByMs: vagueByMs[stop] }, gates[stop], limiters) }],
  )
}

/** The same of any time that begins with full buckets and ends when the requests of these components are through. */
export function explain(
  { stopMs, vagueByMs = 0 }: { stopMs: number; vagueByMs?: number | undefined },
  through: readonly Gate[],
  limiters: readonly LimiterReading[],
): Omit<Explanation, 'stop'> {
  const readings = through.flatMap(
    (gate) => limiters.find(({ component, client }) => component === gate && client === gatingClients[gate]) ?? [],
  )
  const limited = readings.filter(isLimited)
  const off = readings.filter(({ limit }) => limit === 'none')
  const unread = through.filter((gate) => [...limited, ...off].every(({ component }) => component !== gate))
  const unreadPart = unread.length === 0 ? {} : { unread }
  const others = [
    ...off.map(({ component }) => `the ${component}'s client limit is switched off`),
    ...unread.map((gate) => `the ${gate}'s client limit was not read`),
  ]
  const tightest = limited.toSorted((left, right) => right.floorMs - left.floorMs)[0]
  if (tightest === undefined) return { boundBy: null, text: others.join('; '), ...unreadPart }

  const { component, client, gatingRequests, burst, qps, floorMs } = tightest
  const floor = `(${gatingRequests} ${client === 'bindings' ? client : 'requests'} - burst ${burst}) / ${qps} per second = ${formatDuration(floorMs)}`
  const share = floorMs === 0 ? 0 : floorMs / stopMs
  if (share > explains.most) {
    const took = `but it took ${formatDuration(stopMs)}`
    const text = `the arithmetic contradicts this time: the ${component}'s client limit needs ${floor}, ${took}`
    return { boundBy: null, contradicts: true, text, ...unreadPart }
  }
  const arithmetic = `${floor} of ${formatDuration(stopMs)}`
  if (share >= explains.least) {
    const alike = limited.filter((other) => other !== tightest && other.floorMs === floorMs)
    const ties = alike.map((other) => `the ${other.component}'s needs just as long`)
    const text = [`bound by the ${component}'s client limit: ${arithmetic}`, ...ties].join('; ')
    return { boundBy: `${component}/${client}`, text }
  }
  const short = limited.find(beganShort)
  if (short !== undefined) {
    const waited = `its ${short.gatingRequests} requests waited ${formatDuration(short.waitedMs)} in total`
    const text = `not known: the ${short.component}'s bucket of ${short.burst} was not full at the start, and ${waited}`
    return { boundBy: null, unsure: true, text: [text, ...others].join('; '), ...unreadPart }
  }
  const leastMs = Math.max(0, stopMs - vagueByMs)
  if (floorMs > 0 && floorMs >= explains.least * leastMs) {
    const seen = `it happened between ${formatDuration(leastMs)} and ${formatDuration(stopMs)}`
    const text = `not known: ${seen}; the ${component}'s client limit needs ${floor}`
    return { boundBy: null, unsure: true, text: [text, ...others].join('; '), ...unreadPart }
  }
  const fit = limited.map(
    (one) => `the ${one.component}'s ${one.gatingRequests} requests fit into its burst of ${one.burst}`,
  )
  const notBound =
    floorMs === 0
      ? `no client limit: ${fit.join(', ')}`
      : `not bound by a client limit; the tightest, the ${component}'s, accounts for ${arithmetic}`
  return { boundBy: null, text: [notBound, ...others].join('; '), ...unreadPart }
}

/**
 * Whether requests waited longer than a bucket that was full at the start lets any wait, even had they all come at once. Told only where all
 * that passed the bucket is what the probe waits for: several controllers have a bucket each.
 */
function beganShort(reading: Limited): reading is Limited & { waitedMs: number } {
  const { requests, gatingRequests, burst, qps, waitedMs } = reading
  if (waitedMs === null || sumOf(Object.values(requests)) !== gatingRequests) return false
  const waiting = Math.max(0, gatingRequests - burst)
  const mostMs = ((waiting * (waiting + 1)) / 2 / qps) * 1000
  return waitedMs > mostMs + clockResolutionMs * gatingRequests
}

/** A bucket that something went through. */
type Limited = LimiterReading & { qps: number; burst: number; floorMs: number }

function isLimited(reading: LimiterReading): reading is Limited {
  return reading.limit === 'limited' && reading.floorMs !== null && reading.gatingRequests > 0
}
