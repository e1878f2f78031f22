import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { sumOf } from '../base/sum.ts'
import type { Distribution } from '../result/distribution.ts'
import type { Explanation, LimiterReading } from '../result/parts.ts'
import { isMachineBound } from '../result/parts.ts'
import { explain, explains } from './limiters.ts'

/** What is known of a fill when it is over. */
export interface FillSeen {
  durationMs: number
  /** In the order in which they were sent; what makes pods comes last. */
  stages: readonly Stage[]
  /** By `created to bound` and the like. */
  podPhasesMs: Readonly<Record<string, Distribution>>
  machineBusy: number | null
}

interface Stage {
  name: string
  objects: number
  durationMs: number
  intendedPerSecond: number | null
}

/** What stands between a Deployment and pods that are Ready. */
const gates = ['kube-controller-manager', 'kube-scheduler', 'kubelet'] as const

/**
 * What a fill was waiting for, in one sentence and with the arithmetic of its forecast (`fillFloor`): the objects before its pods, where they
 * took most of it; otherwise the client limit whose floor accounts for the time from the first Deployment on. Where none does, the pace of the
 * Deployments, then the machine; failing all of them, whom pods waited for longest.
 */
export function explainFill(fill: FillSeen, limiters: readonly LimiterReading[]): Explanation {
  const stop = 'filled'
  const { durationMs, stages } = fill
  const others = stages.filter(({ name }) => name !== 'deployments')
  const othersMs = sumOf(others.map((stage) => stage.durationMs))
  const [longest] = others.toSorted((one, other) => other.durationMs - one.durationMs)
  if (longest !== undefined && othersMs >= explains.least * durationMs)
    return { stop, boundBy: null, text: sentText(longest, durationMs) }

  const podsMs = durationMs - othersMs
  const explained = { stop, ...explain({ stopMs: podsMs }, gates, limiters) }
  if (explained.boundBy !== null || explained.contradicts) return explained
  const deployments = stages.find(({ name }) => name === 'deployments')
  if (deployments !== undefined && deployments.durationMs >= explains.least * podsMs)
    return { stop, boundBy: null, text: sentText(deployments, podsMs) }
  const { machineBusy } = fill
  if (machineBusy !== null && isMachineBound(fill))
    return {
      stop,
      boundBy: null,
      text: `bound by the machine, ${Math.round(100 * machineBusy)} % busy; ${explained.text}`,
    }
  return { ...explained, text: [explained.text, longestWait(fill, othersMs) ?? []].flat().join('; ') }
}

/** Whether the plan or the apiserver set the pace of sending. */
function sentText({ name, objects, durationMs, intendedPerSecond }: Stage, ofMs: number): string {
  const share = `${formatDuration(durationMs)} of ${formatDuration(ofMs)}`
  const isPaced = intendedPerSecond !== null && (objects * 1000) / intendedPerSecond >= explains.least * durationMs
  return isPaced
    ? `bound by the plan's pace: ${formatCount(objects)} ${name} / ${intendedPerSecond} per second took ${share}`
    : `bound by the kube-apiserver: creating ${formatCount(objects)} ${name} took ${share}`
}

/** Of the slowest pods: for whom they waited longest. */
function longestWait({ podPhasesMs }: FillSeen, othersMs: number): string | undefined {
  const p99 = (phase: string) => podPhasesMs[phase]?.p99 ?? null
  const createdMs = p99('T0 to created')
  const waits = [
    { who: 'kube-controller-manager', what: 'to be created', ms: createdMs === null ? null : createdMs - othersMs },
    { who: 'kube-scheduler', what: 'created to bound', ms: p99('created to bound') },
    { who: 'kubelets', what: 'bound to started', ms: p99('bound to started') },
    { who: 'kubelets', what: 'started to Ready', ms: p99('started to Ready') },
  ].flatMap(({ ms, ...wait }) => (ms === null ? [] : [{ ...wait, ms }]))
  const [longest] = waits.toSorted((one, other) => other.ms - one.ms)
  if (longest === undefined) return undefined
  return `pods waited longest for the ${longest.who} (${longest.what}, p99 ${formatDuration(longest.ms)})`
}
