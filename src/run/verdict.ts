import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import type { Bounds } from '../measure/thresholds.ts'
import { judge } from '../measure/thresholds.ts'
import { isRollout } from '../plan/stops.ts'
import { lacksOf } from '../result/fill.ts'
import { shortageOf } from '../result/fleet.ts'
import { missingStops, timeoutInWords, unfinishedStart } from '../result/readings.ts'
import type { ArmOutcome, KnobOutcome, ProbeOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'

/** A stamp may be this late before the figures are no longer trusted. */
const eventLoopBudgetMs = 1000

/** The verdict on a run's arms, and each reason for it in a sentence. */
export interface Judgement {
  verdict: Verdict
  reasons: string[]
  thresholds: ThresholdOutcome[]
}

/** What a verdict follows from. */
export interface Judged {
  thresholds: readonly Bounds[]
  arms: readonly ArmOutcome[]
  /** Why the run did not go to its end; undefined for one that did. */
  ending: string | undefined
}

/**
 * Judges what was measured. Data that is missing or not to be trusted makes a run inconclusive whatever the thresholds
 * say, and so does having measured nothing; otherwise one missed threshold fails it.
 */
export function judgeRun({ thresholds: bounds, arms, ending }: Judged): Judgement {
  const thresholds = bounds.map((one) => judge(one, arms))
  return { ...concluded(thresholds, { arms, ending }), thresholds }
}

/** The verdict that follows from thresholds judged already, and from the arms. */
export function concluded(
  thresholds: readonly ThresholdOutcome[],
  { arms, ending }: Pick<Judged, 'arms' | 'ending'>,
): Pick<Judgement, 'verdict' | 'reasons'> {
  const doubts = [
    ...(ending === undefined ? [] : [ending]),
    ...doubtsAboutRun(arms, ending),
    ...arms.flatMap(doubtsAbout),
  ]
  const missed = thresholds.filter(({ verdict }) => verdict === 'fail')
  const open = thresholds.filter(({ verdict }) => verdict === 'inconclusive')
  const told = (outcomes: readonly ThresholdOutcome[], what: string) =>
    outcomes.map(
      ({ name, actual, unit, reason }) =>
        `${what}: ${name}${actual === null ? '' : ` (${unit === 'ms' ? formatDuration(actual) : actual.toFixed(3)})`}${reason === undefined ? '' : `: ${reason}`}`,
    )

  if (doubts.length > 0) return { verdict: 'inconclusive', reasons: [...doubts, ...told(missed, 'missed')] }
  if (missed.length > 0) return { verdict: 'fail', reasons: told(missed, 'missed') }
  if (open.length > 0) return { verdict: 'inconclusive', reasons: told(open, 'not judged') }
  return { verdict: 'pass', reasons: [`No pod was lost. ${metInWords(thresholds.length)}`, ...onTrust(arms)] }
}

function metInWords(thresholds: number): string {
  if (thresholds === 0) return 'The plan sets no threshold.'
  if (thresholds === 1) return 'The only threshold is met.'
  return thresholds === 2 ? 'Both thresholds are met.' : `All ${thresholds} thresholds are met.`
}

/** Nothing measured is nothing to pass. */
function doubtsAboutRun(arms: readonly ArmOutcome[], ending: string | undefined): string[] {
  if (arms.length === 0) return ending === undefined ? ['no arm ran'] : []
  const probes = [...new Set(arms.flatMap((arm) => arm.probes.map(({ name }) => name)))]
  const isFilled = arms.some(({ fill }) => fill !== null)
  return arms.flatMap((arm) => {
    const label = `${arm.profile} #${arm.repetition}`
    if (arm.outcome !== 'complete') {
      const error = arm.error ?? arm.outcome
      return error === ending ? [] : [`${label}: ${error}`]
    }
    if (arm.probes.length === 0) return [`${label}: no probe ran`]
    const lacking = probes.filter((name) => arm.probes.every((probe) => probe.name !== name))
    return [
      ...(isFilled && arm.fill === null ? [`${label}: its cluster was not filled; another arm's was`] : []),
      ...lacking.map((name) => `${label}: ${name} did not run; it did in another arm`),
    ]
  })
}

/** Settings that are the operator's and that nobody could read: no doubt about what the run did, but told. */
function onTrust(arms: readonly ArmOutcome[]): string[] {
  const unread = new Set(arms.flatMap(({ knobs }) => knobs.filter(isOnTrust).map(({ id }) => id)))
  if (unread.size === 0) return []
  const taken = unread.size === 1 ? 'It is' : 'They are'
  return [`${plural(unread.size, 'setting')} of the cluster could not be read back. ${taken} taken on trust.`]
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
        `${label}: ${id} should be ${requested}, but ${effective === null ? 'could not be read back' : `is ${effective}`}`,
    ),
    ...doubtsAboutFleet(arm).map((doubt) => `${label}: ${doubt}`),
    ...doubtsAboutFill(arm).map((doubt) => `${label} fill: ${doubt}`),
    ...arm.probes.flatMap((probe, index) =>
      doubtsAboutProbe(arm.probes, index).map((doubt) => `${label} ${probe.name}: ${doubt}`),
    ),
  ]
}

/** A node that flaps is told in the report; one that stays away, or that a probe needed, spoils the figures. */
function doubtsAboutFleet({ fleet, probes }: ArmOutcome): string[] {
  const { flaps } = fleet
  const shortage = shortageOf(fleet)
  const away = flaps.notReadyAtEnd
  const named = `${away.slice(0, 5).join(', ')}${away.length > 5 ? ' and others' : ''}`
  const probed = [...new Set(probes.map(({ node }) => node))].filter((node) => flaps.nodes.includes(node))
  return [
    ...(away.length > 0
      ? [
          `${plural(away.length, 'node was', 'nodes were')} not Ready at the end: ${named}${shortage === undefined ? '' : `; ${shortage}`}`,
        ]
      : []),
    ...probed.map((node) => `${node}, where the probes ran, did not stay Ready`),
  ]
}

/** What is lacking has ended an arm that is not complete: it says so itself. */
function doubtsAboutFill({ fill, outcome }: ArmOutcome): string[] {
  return fill === null ? [] : [...(outcome === 'complete' ? lacksOf(fill) : []), ...stallsOf(fill)]
}

function stallsOf({ eventLoopDelayMaxMs }: Pick<ProbeOutcome, 'eventLoopDelayMaxMs'>): string[] {
  const stallMs = eventLoopDelayMaxMs ?? 0
  return stallMs > eventLoopBudgetMs ? [`the orchestrator stalled for ${formatDuration(stallMs)}`] : []
}

function doubtsAboutProbe(probes: ArmOutcome['probes'], index: number): string[] {
  const probe = probes[index]
  if (probe === undefined) return []
  const troubles = [unfinishedStart(probes, index), timeoutInWords(probes, index)].filter((one) => one !== undefined)
  return [
    ...troubles,
    ...missingStops(probe).map((stop) => `${stop} was not recorded`),
    // Of one that did not start or end as planned it is known already.
    ...(troubles.length === 0 ? lostPods(probe) : []),
    ...(probe.pods.unexpected > 0
      ? [`${plural(probe.pods.unexpected, 'pod', 'pods')} more than the plan asks for`]
      : []),
    ...stallsOf(probe),
  ]
}

function lostPods({ from, to, pods }: ProbeOutcome): string[] {
  const isUp = isRollout({ from, to })
  const [total, lost] = isUp ? [to, to - pods.ready] : [from - to, from - to - pods.deleted]
  const ending = isUp ? 'not Ready at the end' : 'not deleted'
  return lost > 0 ? [`${plural(lost, 'pod')} of ${total} ${lost === 1 ? 'was' : 'were'} ${ending}`] : []
}
