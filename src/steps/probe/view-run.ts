import { stopOrder } from '../../plan/stops.ts'
import type { StepRun } from '../../report/comparison.ts'
import type { LimiterReading, StopName } from '../../result/parts.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { outcomesOf } from '../../result/result.ts'
import type { Reading } from '../../result/sample.ts'
import type { ProbeOutcome } from './outcome.ts'
import { probeOutcomes, readingOfStop, timeoutInWords, unfinishedStart } from './outcome.ts'

/** One arm's go at a probe, as reports show it. */
export interface ViewedProbe {
  /** What it was bound by is left out where its start was unfinished. */
  probe: ProbeOutcome
  /** When it reached each stop, and what keeps that from being compared. */
  readings: Partial<Record<StopName, Reading>>
  /** Why it does not show what the plan asks for: how far it came until it timed out, or what it started from. */
  troubles: string[]
  /** It ran real containers. */
  isReal: boolean
}

export type ProbeRun = StepRun<ViewedProbe>

/** The probes of an arm, in the order they ran. */
export function viewedProbesOf(arm: ArmOutcome): ViewedProbe[] {
  const probes = outcomesOf(arm, probeOutcomes)
  return probes.map(({ outcome: probe }, index) => {
    const unfinished = unfinishedStart(probes, index)
    const readings = stopOrder.map((stop) => [stop, readingOfStop(probes, index, stop)] as const)
    return {
      probe: unfinished === undefined ? probe : { ...probe, explanations: [] },
      readings: Object.fromEntries(readings.filter(([, reading]) => reading !== undefined)),
      troubles: [unfinished, timeoutInWords(probes, index)].filter((trouble) => trouble !== undefined),
      isReal: arm.fleet.probeNode === 'real',
    }
  })
}

/** What the stops are called, and what is true of the cluster at each. */
export const stopTexts: Readonly<Record<StopName, { label: string; meaning: string }>> = {
  created: { label: 'created', meaning: 'every pod exists in the API' },
  first: { label: 'first pod Ready', meaning: 'one of the new pods is Ready' },
  available: { label: 'available', meaning: 'kubectl rollout status returns' },
  ready: { label: 'ready', meaning: 'every pod is Ready' },
  rsCurrent: { label: 'ReplicaSet current', meaning: 'kubectl get rs shows the new count' },
  deleted: { label: 'deleted', meaning: 'every removed pod is gone from the API' },
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
