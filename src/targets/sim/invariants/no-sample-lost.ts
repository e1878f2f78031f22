import type { ArmOutcome } from '../../../result/result.ts'
import type { Witness, WitnessedPod } from './witness.ts'

/** A pod as the run's samples tell of it. */
export interface Sample {
  /** `fill`, or a probe's name. */
  measured: string
  uid: string
  createdMs: number
  readyMs?: number
  deletedMs?: number
  censored: readonly string[]
}

/** How late an exact moment may be: what the slowest of the simulated apiservers takes to tell of it. */
const latestMs = 5000

const moments = ['createdMs', 'readyMs', 'deletedMs'] as const

/**
 * Every sample is of a pod that was there, and no moment is earlier than it was, nor later unless it says so; and what was counted as
 * complete has a sample for every pod.
 */
export function noSampleLost(witness: Witness, arm: ArmOutcome, samples: readonly Sample[]): string[] {
  return [
    ...samples.flatMap((sample) => complaintsAbout(sample, witness.pods.get(sample.uid))),
    ...missing(witness, arm, samples),
  ]
}

function complaintsAbout(sample: Sample, pod: WitnessedPod | undefined): string[] {
  if (pod === undefined) return [`a sample of ${sample.measured} is of no pod: ${sample.uid}`]
  return moments.flatMap((moment) => {
    const [told, was] = [sample[moment], pod[moment]]
    if (told === undefined) return []
    const what = `${pod.name}, ${sample.measured}: ${moment.slice(0, -2)}`
    if (was === undefined) return [`${what} was told and did not happen`]
    if (told < was) return [`${what} was told ${was - told} ms before it happened`]
    const isExact = !sample.censored.includes(moment)
    return isExact && told - was > latestMs ? [`${what} was told ${told - was} ms late, as exact`] : []
  })
}

/** A fill or a probe that was not cut short knows every pod that it made. */
function missing({ pods }: Witness, { fill, probes }: ArmOutcome, samples: readonly Sample[]): string[] {
  const known = (measured: string) => new Set(samples.filter((one) => one.measured === measured).map(({ uid }) => uid))
  const complaints: string[] = []
  if (fill !== null && fill.pods.ready >= fill.pods.expected) {
    const seen = known('fill').size
    const there = [...pods.values()].filter(({ role, readyMs }) => role === 'workload' && readyMs !== undefined).length
    if (seen < Math.min(there, fill.pods.expected)) complaints.push(`the fill knows ${seen} pods of ${there}`)
  }
  for (const probe of probes) {
    if (Object.values(probe.stopsMs).some((stopMs) => stopMs === null)) continue
    const seen = known(probe.name).size
    const wanted = Math.max(probe.from, probe.to)
    if (seen < wanted) complaints.push(`${probe.name} reached its stops with samples of ${seen} of ${wanted} pods`)
  }
  return complaints
}
