import type { ProbeOutcome } from '../../steps/probe/outcome.ts'
import { probesOf } from '../../steps/probe/outcome.ts'
import type { Evidence, Finding } from './evidence.ts'
import { armsSeen, together } from './evidence.ts'
import type { Witness, WitnessedPod } from './witness.ts'

/** No figure is better than what happened: a stop is not told sooner after its T0 than it came after the scaling was done. */
export function noStopTooEarly(evidence: Pick<Evidence, 'result' | 'witnesses'>): Finding {
  return together(
    armsSeen(evidence).flatMap(({ witness, arm }) => probesOf(arm).map((probe) => tooEarly(probe, witness))),
  )
}

function tooEarly({ name, from, to, stopsMs }: ProbeOutcome, { scaled, pods }: Witness): Finding {
  const scaledMs = scaled.find(
    ({ replicas }, index) => replicas === to && index > 0 && scaled[index - 1]?.replicas === from,
  )?.atMs
  if (scaledMs === undefined) return { checked: 0, violations: [] }
  const own = [...pods.values()].filter(({ role }) => role === 'probe')
  const cameMs = (reached: (alive: readonly WitnessedPod[], atMs: number) => boolean) => {
    const moments = own.flatMap(({ createdMs, readyMs = createdMs, deletedMs = createdMs }) => [
      createdMs,
      readyMs,
      deletedMs,
    ])
    return [scaledMs, ...moments]
      .filter((atMs) => atMs >= scaledMs)
      .sort((left, right) => left - right)
      .find((atMs) =>
        reached(
          own.filter((pod) => isThere(pod, atMs)),
          atMs,
        ),
      )
  }
  const isReadyAt = ({ readyMs }: WitnessedPod, atMs: number) => readyMs !== undefined && readyMs <= atMs
  const readyMs = cameMs((alive, atMs) => alive.filter((pod) => isReadyAt(pod, atMs)).length >= to)
  const news = own.flatMap(({ createdMs, readyMs: atMs }) =>
    createdMs >= scaledMs && atMs !== undefined ? [atMs] : [],
  )
  const firstMs = news.length === 0 ? undefined : Math.min(...news)
  const trulyMs: Record<string, number | undefined> =
    to > from
      ? { created: cameMs((alive) => alive.length >= to), first: firstMs, ready: readyMs, available: readyMs }
      : { deleted: cameMs((alive) => alive.length <= to) }
  const told = Object.entries(trulyMs).flatMap(([stop, atMs]) => {
    const stopMs = stopsMs[stop as keyof typeof stopsMs]
    return typeof stopMs === 'number' ? [{ stop, stopMs, atMs }] : []
  })
  const violations = told.flatMap(({ stop, stopMs, atMs }) => {
    if (atMs === undefined) return [`${name}: ${stop} was reported but was not reached`]
    const tookMs = atMs - scaledMs
    return stopMs < tookMs ? [`${name}: ${stop} was reported as ${stopMs} ms but took at least ${tookMs} ms`] : []
  })
  return { checked: told.length, violations }
}

function isThere({ createdMs, deletedMs = Number.POSITIVE_INFINITY }: WitnessedPod, atMs: number): boolean {
  return createdMs <= atMs && deletedMs > atMs
}
