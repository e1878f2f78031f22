import { stopOrder } from '../plan/stops.ts'
import type { ArmOutcome, LimiterReading, ProbeOutcome, Result, StopName } from '../result/result.ts'

/** What the stops are called, and what is true of the cluster at each. */
export const stopTexts: Readonly<Record<StopName, { label: string; meaning: string }>> = {
  created: { label: 'created', meaning: 'every pod exists in the API' },
  available: { label: 'available', meaning: 'kubectl rollout status returns' },
  ready: { label: 'ready', meaning: 'every pod is Ready' },
  rsCurrent: { label: 'ReplicaSet current', meaning: 'kubectl get rs shows the new count' },
  deleted: { label: 'deleted', meaning: 'every removed pod is gone from the API' },
}

/** How an arm is called wherever repetitions matter. */
export function armLabel(arm: Pick<ArmOutcome, 'profile' | 'repetition'>): string {
  return `${arm.profile} #${arm.repetition}`
}

/** When a probe was over: the latest stop that was reached. */
export function lastStopMs(probe: ProbeOutcome): number {
  return Math.max(0, ...Object.values(probe.stopsMs).map((ms) => ms ?? 0))
}

/** The reached and missed stops of one run, in order: what applies, as label and time. */
export function stopTimes(
  probe: Pick<ProbeOutcome, 'stopsMs'>,
): { stop: StopName; label: string; ms: number | null }[] {
  return stopOrder.flatMap((stop) => {
    const ms = probe.stopsMs[stop]
    return ms === undefined ? [] : [{ stop, label: stopTexts[stop].label, ms }]
  })
}

/** The name of a stop as people read it; an unknown one as it is. */
export function stopLabel(name: string): string {
  const stop = stopOrder.find((known) => known === name)
  return stop === undefined ? name : stopTexts[stop].label
}

/** How explanations call a limiter. */
export function limiterName({ component, client }: LimiterReading): string {
  return `${component}/${client}`
}

/** The command that makes the reports of a run again. */
export function rerenderCommand(result: Result): string {
  return `npm run scale-test -- report ${result.run}`
}
