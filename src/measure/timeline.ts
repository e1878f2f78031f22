import { countMore } from '../base/sum.ts'
import type { Change } from '../kube/follow.ts'
import type { Deployment, KubeObject, Pod, ReplicaSet } from '../kube/resources.ts'
import { isReadyPod, whyUnschedulable } from '../kube/resources.ts'
import type { ProbeShape, StopName } from '../plan/stops.ts'
import { isRollout, stopsOf } from '../plan/stops.ts'
import type { Curve } from '../result/parts.ts'
import type { PodMoment, PodTimeline } from '../result/sample-line.ts'
import type { StopsMs, TimelineSummary } from '../result/timeline.ts'
import { thinned } from './curve.ts'
import { distributionOf } from './distribution.ts'

/** Collects what the watches show during one probe and knows when each stop is reached. */
export interface ProbeTimeline {
  pod(change: Change<Pod>): void
  deployment(change: Change<Deployment>): void
  replicaSet(change: Change<ReplicaSet>): void
  /** Everything seen before is the starting state; everything later counts from `t0Ms`. */
  start(t0Ms: number): void
  /** Stops of the started probe, in milliseconds from T0; null when not reached yet. */
  stops(): StopsMs
  reachedAll(): boolean
  /** Pods Ready now for a rollout, pods deleted for a scale-down: what the probe waits for. */
  done(): number
  /** Counts what has come about so far: it moves while pods come, or become Ready. */
  progress(): number
  summary(): TimelineSummary
  /** One entry per pod the probe concerns; moments are on the orchestrator's clock. */
  podTimelines(): PodTimeline[]
}

/** An empty timeline for one probe of one Deployment. */
export function createProbeTimeline(probe: ProbeShape): ProbeTimeline {
  const pods = new Map<string, PodTimeline>()
  const stops = new Map<StopName, number | null>()
  const stopsVagueByMs: Record<string, number> = {}
  /** The longest time by which a change after T0 may have been seen late. */
  let censoredWithinMs = 0
  let t0Ms = Number.POSITIVE_INFINITY

  const latenessMs = (change: Change<KubeObject>) =>
    change.exact ? 0 : Math.min(change.atMs - t0Ms, change.atMs - change.notBeforeMs)

  const reach = (stop: StopName, change: Change<KubeObject>, isReached: boolean) => {
    if (!isReached || stops.get(stop) !== null) return
    stops.set(stop, change.atMs - t0Ms)
    if (!change.exact) stopsVagueByMs[stop] = latenessMs(change)
  }

  /** UIDs of the pods that are there, and of those that are Ready now. */
  const live = new Set<string>()
  const ready = new Set<string>()
  /** What the scheduler says of pods that it finds no node for, by UID. */
  const homeless = new Map<string, string>()
  /** How many were Ready from when on. */
  const readyOverTime: [atMs: number, count: number][] = []
  let atStart = { pods: 0, ready: 0 }
  let availableReplicas = 0
  /** Of the ReplicaSet's three columns, the one that is furthest from the end of a scale-down. */
  let replicasLeft = probe.from

  const done = () => (isRollout(probe) ? ready.size : pods.size - live.size)
  const count = (pod: PodTimeline, isReadyNow: boolean) => {
    const before = ready.size
    if (pod.deletedMs === undefined) live.add(pod.uid)
    else live.delete(pod.uid)
    if (isReadyNow && live.has(pod.uid)) ready.add(pod.uid)
    else ready.delete(pod.uid)
    return ready.size !== before
  }

  const mark = (pod: PodTimeline, point: Exclude<PodMoment, 'createdMs'>, isThere: boolean, change: Change<Pod>) => {
    if (!isThere || pod[point] !== undefined) return
    pod[point] = change.atMs
    if (!change.exact) pod.censored.push(point)
  }

  const progressOf = (): TimelineSummary['progress'] => {
    const up = (done: number) => ({ done: Math.min(done, probe.to), total: probe.to })
    const down = (left: number) => {
      const total = probe.from - probe.to
      return { done: Math.max(0, total - Math.max(0, left - probe.to)), total }
    }
    return isRollout(probe)
      ? {
          created: up(live.size),
          first: { done: Math.min(1, Math.max(0, ready.size - probe.from)), total: 1 },
          available: up(availableReplicas),
          ready: up(ready.size),
        }
      : { rsCurrent: down(replicasLeft), deleted: down(live.size) }
  }

  return {
    start(startMs) {
      t0Ms = startMs
      atStart = { pods: live.size, ready: ready.size }
      for (const stop of stopsOf(probe)) stops.set(stop, null)
    },

    pod(change) {
      const { object, atMs, exact } = change
      const uid = object.metadata.uid ?? ''
      const pod = pods.get(uid) ?? {
        name: object.metadata.name ?? '',
        uid,
        createdMs: atMs,
        censored: exact ? [] : ['createdMs'],
      }
      if (change.type !== 'DELETED') {
        pods.set(uid, pod)
        mark(pod, 'boundMs', change.object.spec.nodeName !== undefined, change)
        mark(pod, 'startedMs', change.object.status?.phase === 'Running', change)
        mark(pod, 'readyMs', isReadyPod(change.object), change)
      }
      const whyHomeless = change.type === 'DELETED' ? undefined : whyUnschedulable(change.object)
      if (whyHomeless === undefined) homeless.delete(uid)
      else homeless.set(uid, whyHomeless)
      mark(pod, 'terminatingMs', object.metadata.deletionTimestamp !== undefined, change)
      mark(pod, 'deletedMs', change.type === 'DELETED', change)
      if (pods.has(uid) && count(pod, change.type !== 'DELETED' && isReadyPod(change.object)))
        readyOverTime.push([atMs, ready.size])
      if (atMs >= t0Ms) censoredWithinMs = Math.max(censoredWithinMs, latenessMs(change))
      reach('created', change, live.size >= probe.to)
      reach('first', change, pod.createdMs >= t0Ms && ready.has(uid))
      reach('ready', change, ready.size >= probe.to)
      reach('deleted', change, live.size <= probe.to)
    },

    deployment(change) {
      if (change.type === 'DELETED') return
      const { metadata, spec, status } = change.object
      // The conditions of `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go). A generation of 0 is left out.
      const isObserved = spec.replicas === probe.to && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
      const { replicas, updatedReplicas, availableReplicas: available } = status ?? {}
      // Absent is none: Kubernetes leaves out a count of zero.
      availableReplicas = Math.min(updatedReplicas ?? 0, available ?? 0)
      reach(
        'available',
        change,
        isObserved && [replicas, updatedReplicas, available].every((count) => count === probe.to),
      )
    },

    replicaSet(change) {
      if (change.type === 'DELETED') return
      const { spec, status } = change.object
      // The three columns of `kubectl get rs`: DESIRED, CURRENT, READY; a count of zero is left out.
      const columns = [spec.replicas, status?.replicas ?? 0, status?.readyReplicas ?? 0]
      replicasLeft = Math.max(...columns)
      reach(
        'rsCurrent',
        change,
        columns.every((count) => count === probe.to),
      )
    },

    stops: () => Object.fromEntries(stops),
    reachedAll: () => stops.size > 0 && stops.values().every((stop) => stop !== null),
    done,
    progress: () => pods.size + done(),
    podTimelines: () => pods.values().toArray(),

    summary() {
      const all = pods.values().toArray()
      return {
        stopsMs: Object.fromEntries(stops),
        stopsVagueByMs,
        atStart,
        progress: progressOf(),
        ...(homeless.size > 0 && { unschedulable: { pods: homeless.size, because: mostFrequent(homeless.values()) } }),
        pods: { ...accountFor(all, probe, t0Ms), ready: ready.size, censoredWithinMs },
        phasesMs: phasesOf(all, probe, t0Ms),
        curves: curvesOf(all, probe, t0Ms, [...readyOverTime]),
      }
    },
  }
}

function mostFrequent(words: Iterable<string>): string {
  const counts = new Map<string, number>()
  for (const word of words) countMore(counts, word)
  return [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0]
}

function accountFor(
  pods: readonly PodTimeline[],
  probe: ProbeShape,
  t0Ms: number,
): Omit<TimelineSummary['pods'], 'ready' | 'censoredWithinMs'> {
  const reached = (point: PodMoment) => pods.filter((pod) => pod[point] !== undefined).length
  const expected = Math.max(probe.from, probe.to)
  return {
    expected,
    created: pods.length,
    bound: reached('boundMs'),
    started: reached('startedMs'),
    deleted: reached('deletedMs'),
    unexpected: Math.max(0, pods.length - expected),
    censored: pods
      .flatMap((pod) => pod.censored.map((point) => pod[point]))
      .filter((atMs) => atMs !== undefined && atMs >= t0Ms).length,
  }
}

/**
 * Time between points of a pod's life, over the pods that the probe was to create or delete. One that never got there
 * counts as missing, also when it was never created, or never marked for deletion.
 */
function phasesOf(pods: readonly PodTimeline[], probe: ProbeShape, t0Ms: number): TimelineSummary['phasesMs'] {
  const concerned = isRollout(probe)
    ? pods.filter((pod) => pod.createdMs >= t0Ms)
    : pods.filter((pod) => pod.terminatingMs !== undefined || pod.deletedMs !== undefined)
  const expected = Math.max(Math.abs(probe.to - probe.from), concerned.length)
  const between = (from: PodMoment | 't0', to: PodMoment) => {
    const spans = concerned.flatMap((pod) => {
      const [start, end] = [from === 't0' ? t0Ms : pod[from], pod[to]]
      return start === undefined || end === undefined ? [] : [end - start]
    })
    return distributionOf(spans, expected - spans.length)
  }
  return isRollout(probe)
    ? {
        'T0 to created': between('t0', 'createdMs'),
        'created to bound': between('createdMs', 'boundMs'),
        'bound to started': between('boundMs', 'startedMs'),
        'started to Ready': between('startedMs', 'readyMs'),
        'created to Ready': between('createdMs', 'readyMs'),
      }
    : {
        'T0 to terminating': between('t0', 'terminatingMs'),
        'terminating to deleted': between('terminatingMs', 'deletedMs'),
        'T0 to deleted': between('t0', 'deletedMs'),
      }
}

function curvesOf(
  pods: readonly PodTimeline[],
  probe: ProbeShape,
  t0Ms: number,
  readyOverTime: readonly [atMs: number, count: number][],
): Record<string, Curve> {
  const counted = (point: 'createdMs' | 'boundMs' | 'deletedMs', start: number, step: 1 | -1) => {
    const moments = pods
      .flatMap((pod) => pod[point] ?? [])
      .filter((atMs) => atMs >= t0Ms)
      .sort((left, right) => left - right)
    return thinned([
      [0, start],
      ...moments.map((atMs, index): [number, number] => [atMs - t0Ms, start + step * (index + 1)]),
    ])
  }
  if (!isRollout(probe)) return { remaining: counted('deletedMs', pods.length, -1) }
  const createdBefore = pods.filter((pod) => pod.createdMs < t0Ms).length
  const boundBefore = pods.filter((pod) => pod.boundMs !== undefined && pod.boundMs < t0Ms).length
  // Before the first change there were none.
  const readyBefore = readyOverTime.findLast(([atMs]) => atMs < t0Ms)?.[1] ?? 0
  const readyAfter = readyOverTime.filter(([atMs]) => atMs >= t0Ms)
  return {
    created: counted('createdMs', createdBefore, 1),
    bound: counted('boundMs', boundBefore, 1),
    ready: thinned([[0, readyBefore], ...readyAfter.map(([atMs, count]): [number, number] => [atMs - t0Ms, count])]),
  }
}
