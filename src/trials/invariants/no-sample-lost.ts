import { sumOf } from '../../base/sum.ts'
import { stepsOfKind } from '../../plan/section.ts'
import type { PodTimeline } from '../../result/sample-line.ts'
import { fillOf } from '../../steps/fill/outcome.ts'
import type { ProbeOutcome } from '../../steps/probe/outcome.ts'
import { probesOf } from '../../steps/probe/outcome.ts'
import { probeSection } from '../../steps/probe/section.ts'
import type { Evidence, Finding, Seen, Taken } from './evidence.ts'
import { armsSeen, latestMs, takenIn, together } from './evidence.ts'
import type { Witness, WitnessedPod } from './witness.ts'

const moments = ['createdMs', 'readyMs', 'deletedMs'] as const

/**
 * Every sample is of a pod that was there, once; no moment is earlier than it was, nor later unless it says so. What was begun has been
 * handed over, and what counts as complete has a sample of every pod, and counts what is in the store.
 */
export function noSampleLost(evidence: Pick<Evidence, 'plan' | 'result' | 'samples' | 'witnesses'>): Finding {
  const findings = armsSeen(evidence).map((seen): Finding => {
    const taken = takenIn(evidence, seen.witness.armId)
    const violations = [
      ...taken.flatMap((one) => untrue(one, seen.witness)),
      ...notHandedOver(taken, evidence, seen),
      ...miscounted(seen),
      ...missingOfFill(taken, seen),
      // Pods of a node that went away are replaced when nobody may be looking.
      ...(seen.arm.fleet.flaps.count > 0
        ? []
        : probesOf(seen.arm).flatMap((probe) => missingOfProbe(taken, probe, seen.witness))),
    ]
    return { checked: sumOf(taken.map(({ pods }) => pods.length)), violations }
  })
  return together(findings)
}

function untrue({ measured, pods }: Taken, witness: Witness): string[] {
  const twice = pods.length - new Set(pods.map(({ uid }) => uid)).size
  return [
    ...(twice > 0 ? [`${measured} has ${twice} pods twice`] : []),
    ...pods.flatMap((sample) => complaintsAbout(sample, witness.pods.get(sample.uid), measured)),
  ]
}

function complaintsAbout(sample: PodTimeline, pod: WitnessedPod | undefined, measured: string): string[] {
  if (pod === undefined) return [`a sample of ${measured} is of no pod: ${sample.uid}`]
  return moments.flatMap((moment) => {
    const [told, was] = [sample[moment], pod[moment]]
    if (told === undefined) return []
    const what = `${measured}, ${pod.name}: ${moment.slice(0, -2)}`
    if (was === undefined) return [`${what} was reported but did not happen`]
    if (told < was) return [`${what} was reported ${was - told} ms before it happened`]
    const isExact = !sample.censored.includes(moment)
    return isExact && told - was > latestMs ? [`${what} was reported ${told - was} ms late, as if exact`] : []
  })
}

/** Whatever ended a measurement, what it had seen is kept. */
function notHandedOver(
  taken: readonly Taken[],
  { plan }: Pick<Evidence, 'plan'>,
  { witness: { scaled, pods } }: Seen,
): string[] {
  const has = (name: string) => taken.some(({ measured }) => measured === name)
  const filled = [...pods.values()].some(({ role }) => role === 'workload')
  const begun = stepsOfKind(plan, probeSection)
    .slice(0, Math.max(0, scaled.length - 1))
    .map(({ name }) => name)
  return [...(filled ? ['fill'] : []), ...begun]
    .filter((measured) => !has(measured))
    .map((measured) => `no samples of ${measured} were handed over`)
}

/** What the fill found of each kind is there: never more than was created, and no less when it says that all went well. */
function miscounted({ witness, arm }: Seen): string[] {
  const fill = fillOf(arm)
  if (fill === null) return []
  return Object.entries(fill.objects).flatMap(([kind, { expected, observed, failed }]) => {
    if (kind === 'pods') return []
    const [resource, wanted] = kind === 'ballast' ? ['configmaps', 'ballast'] : [kind, 'workload']
    const there = [...witness.own.values()].filter((own) => own.resource === resource && own.role === wanted).length
    const isAll = observed === expected && failed === 0
    return observed > there || (isAll && observed !== there) ? [`${observed} ${kind} were counted, of ${there}`] : []
  })
}

function missingOfFill(taken: readonly Taken[], { witness, arm }: Seen): string[] {
  const fill = fillOf(arm)
  const one = taken.find(({ measured }) => measured === 'fill')
  if (fill === null || one === undefined || fill.pods.ready < fill.pods.expected) return []
  const known = new Set(one.pods.map(({ uid }) => uid))
  const lost = [...witness.pods].filter(
    ([uid, { role, createdMs }]) => role === 'workload' && createdMs < one.atMs - latestMs && !known.has(uid),
  )
  const ready = one.pods.filter(({ readyMs }) => readyMs !== undefined).length
  return [
    ...(lost.length > 0 ? [`the fill has no samples of ${lost.length} pods`] : []),
    ...(ready < fill.pods.expected ? [`the fill reports ${fill.pods.expected} pods Ready with ${ready} samples`] : []),
    ...(fill.pods.created > one.pods.length ? [`the fill counts ${fill.pods.created} pods`] : []),
  ]
}

/** A probe that reached all its stops knows every pod that there was at its beginning and that it made, and what became of them. */
function missingOfProbe(taken: readonly Taken[], probe: ProbeOutcome, { pods }: Witness): string[] {
  const stops = Object.values(probe.stopsMs).filter((stopMs) => typeof stopMs === 'number')
  if (stops.length < Object.keys(probe.stopsMs).length) return []
  const one = taken.find(({ measured }) => measured === probe.name)
  if (one === undefined) return [`${probe.name} reached its stops and has no samples`]
  const startMs = one.atMs - Math.max(...stops)
  const known = new Set(one.pods.map(({ uid }) => uid))
  const lost = [...pods].filter(
    ([uid, { role, createdMs, deletedMs = Number.POSITIVE_INFINITY }]) =>
      role === 'probe' && createdMs < one.atMs - latestMs && deletedMs > startMs && !known.has(uid),
  )
  const [moment, wanted] =
    probe.to > probe.from ? (['readyMs', probe.to] as const) : (['deletedMs', probe.from - probe.to] as const)
  const there = one.pods.filter((pod) => pod[moment] !== undefined).length
  return [
    ...(lost.length > 0 ? [`${probe.name} has no samples of ${lost.length} pods`] : []),
    ...(there < wanted ? [`${probe.name} reached its stops with ${there} of ${wanted} samples`] : []),
  ]
}
