import { formatDuration } from '../base/duration.ts'
import { judge } from '../measure/thresholds.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, KnobOutcome, ProbeOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'

/** A stamp may be this late before the figures are no longer trusted. */
const eventLoopBudgetMs = 1000

/** The verdict on a run's arms, and each reason for it in a sentence. */
export interface Judgement {
  verdict: Verdict
  reasons: string[]
  thresholds: ThresholdOutcome[]
}

/**
 * Judges what was measured. Data that is missing or not to be trusted makes a run inconclusive whatever the thresholds
 * say; otherwise one missed threshold fails it.
 */
export function judgeRun(plan: Plan, arms: readonly ArmOutcome[], interruption: string | undefined): Judgement {
  const thresholds = plan.thresholds.map((threshold) => judge(threshold, arms))
  const doubts = [...(interruption === undefined ? [] : [interruption]), ...arms.flatMap(doubtsAbout)]
  const missed = thresholds.filter(({ verdict }) => verdict === 'fail')
  const open = thresholds.filter(({ verdict }) => verdict === 'inconclusive')
  const told = (outcomes: readonly ThresholdOutcome[], what: string) =>
    outcomes.map(
      ({ name, actual, unit, reason }) =>
        `${what}: ${name}${actual === null ? '' : ` (${unit === 'ms' ? formatDuration(actual) : actual.toFixed(3)})`}${reason === undefined ? '' : `: ${reason}`}`,
    )

  if (doubts.length > 0) return { verdict: 'inconclusive', reasons: [...doubts, ...told(missed, 'missed')], thresholds }
  if (missed.length > 0) return { verdict: 'fail', reasons: told(missed, 'missed'), thresholds }
  if (open.length > 0) return { verdict: 'inconclusive', reasons: told(open, 'not judged'), thresholds }
  const kept = thresholds.length === 0 ? 'the plan sets no threshold' : `all ${thresholds.length} thresholds are met`
  return { verdict: 'pass', reasons: [`every pod is accounted for; ${kept}`, ...onTrust(arms)], thresholds }
}

/** Settings that are the operator's and that nobody could read: no doubt about what the run did, but told. */
function onTrust(arms: readonly ArmOutcome[]): string[] {
  const unread = new Set(arms.flatMap(({ knobs }) => knobs.filter(isOnTrust).map(({ id }) => id)))
  if (unread.size === 0) return []
  const settings = unread.size === 1 ? 'one setting' : `${unread.size} settings`
  return [`${settings} of the cluster could not be read back and ${unread.size === 1 ? 'is' : 'are'} taken on trust`]
}

function isOnTrust({ status, setBy }: KnobOutcome): boolean {
  return status === 'unverified' && setBy === 'operator'
}

function doubtsAbout(arm: ArmOutcome): string[] {
  const label = `${arm.profile} #${arm.repetition}`
  const differing = arm.knobs.filter(
    (knob) => knob.status === 'differs' || (knob.status === 'unverified' && !isOnTrust(knob)),
  )
  return [
    ...differing.map(
      ({ id, requested, effective }) =>
        `${label}: ${id} was to be ${requested}, but ${effective === null ? 'could not be read back' : `is ${effective}`}`,
    ),
    ...doubtsAboutFleet(arm).map((doubt) => `${label}: ${doubt}`),
    ...(arm.fill === null ? [] : stallsOf(arm.fill).map((doubt) => `${label} fill: ${doubt}`)),
    ...arm.probes.flatMap((probe) => doubtsAboutProbe(probe).map((doubt) => `${label} ${probe.name}: ${doubt}`)),
  ]
}

/** A node that flaps is told in the report; one that stays away, or that a probe needed, spoils the figures. */
function doubtsAboutFleet({ fleet: { flaps }, probes }: ArmOutcome): string[] {
  const away = flaps.notReadyAtEnd
  const named = `${away.slice(0, 5).join(', ')}${away.length > 5 ? ' and others' : ''}`
  const probed = [...new Set(probes.map(({ node }) => node))].filter((node) => flaps.nodes.includes(node))
  return [
    ...(away.length > 0 ? [`${away.length} nodes were not Ready at the end: ${named}`] : []),
    ...probed.map((node) => `${node}, the node of the probes, did not stay Ready`),
  ]
}

function stallsOf({ eventLoopDelayMaxMs }: Pick<ProbeOutcome, 'eventLoopDelayMaxMs'>): string[] {
  const stallMs = eventLoopDelayMaxMs ?? 0
  return stallMs > eventLoopBudgetMs ? [`the orchestrator stalled for ${formatDuration(stallMs)}`] : []
}

function doubtsAboutProbe(probe: ProbeOutcome): string[] {
  const { stopsMs, pods, from, to } = probe
  const unreached = Object.entries(stopsMs).flatMap(([stop, stopMs]) =>
    stopMs === null ? [`${stop} was not reached`] : [],
  )
  const lost = to > from ? pods.expected - pods.ready : from - to - pods.deleted
  return [
    ...unreached,
    ...(lost > 0 ? [`${lost} of ${pods.expected} pods are not accounted for`] : []),
    ...(pods.unexpected > 0 ? [`${pods.unexpected} pods appeared that were not asked for`] : []),
    ...stallsOf(probe),
  ]
}
