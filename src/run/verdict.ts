import { plural } from '../base/count.ts'
import { formatActual } from '../report/format.ts'
import { shortageOf } from '../result/fleet.ts'
import type { ArmOutcome, KnobOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { outcomesOf } from '../result/result.ts'
import { stepKinds } from '../steps/registry.ts'
import type { Baselines, Bounds } from './thresholds.ts'
import { judgeAll } from './thresholds.ts'

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
  /** Why the run stopped early; undefined for one that did not. */
  ending: string | undefined
  /** Kept results that thresholds compare with. */
  baselines?: Baselines | undefined
}

/**
 * Judges what was measured. Data that is missing or not to be trusted makes a run inconclusive whatever the thresholds
 * say, and so does having measured nothing; otherwise one missed threshold fails it.
 */
export function judgeRun({ thresholds: bounds, arms, ending, baselines }: Judged): Judgement {
  const thresholds = judgeAll(bounds, arms, baselines)
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
  if (doubts.length > 0) return { verdict: 'inconclusive', reasons: [...doubts, ...told(missed, 'missed')] }
  if (missed.length > 0) return { verdict: 'fail', reasons: told(missed, 'missed') }
  if (open.length > 0) return { verdict: 'inconclusive', reasons: told(open, 'not judged') }
  return {
    verdict: 'pass',
    reasons: [[...assurances(arms), metInWords(thresholds.length)].join(' '), ...onTrust(arms)],
  }
}

/** So many outcomes of one threshold are told; the report has them all. */
const mostTold = 5

function told(outcomes: readonly ThresholdOutcome[], what: string): string[] {
  const groups = Map.groupBy(outcomes, (outcome) => outcome.group ?? outcome)
  return [...groups.values()].flatMap((all) => {
    const more = all.length - mostTold
    const rest = more > 0 ? [`${what}: ${more} more of ${all[0]?.group}`] : []
    return [...all.slice(0, mostTold).map((outcome) => toldOne(outcome, what)), ...rest]
  })
}

function toldOne({ name, actual, unit, reason }: ThresholdOutcome, what: string): string {
  const figure = unit === 'ratio' ? actual?.toFixed(3) : formatActual({ actual, unit })
  return `${what}: ${name}${figure === undefined ? '' : ` (${figure})`}${reason === undefined ? '' : `: ${reason}`}`
}

/** What is so in a run without doubts, by the kinds of its steps. */
function assurances(arms: readonly ArmOutcome[]): string[] {
  const ran = new Set(arms.flatMap(({ steps }) => steps.map(({ kind }) => kind)))
  const assured = stepKinds.flatMap(({ section, outcome }) => (ran.has(section.kind) ? (outcome.assures ?? []) : []))
  return [...new Set(assured)]
}

function metInWords(thresholds: number): string {
  if (thresholds === 0) return 'No threshold was judged.'
  if (thresholds === 1) return 'The only threshold is met.'
  return thresholds === 2 ? 'Both thresholds are met.' : `All ${thresholds} thresholds are met.`
}

/** Nothing measured is nothing to pass. */
function doubtsAboutRun(arms: readonly ArmOutcome[], ending: string | undefined): string[] {
  if (arms.length === 0) return ending === undefined ? ['no arm ran'] : []
  const steps = [...new Set(arms.flatMap((arm) => arm.steps.map(({ name }) => name)))]
  return arms.flatMap((arm) => {
    const label = `${arm.name} #${arm.repetition}`
    if (arm.outcome !== 'complete') {
      const error = arm.error ?? arm.outcome
      return error === ending ? [] : [`${label}: ${error}`]
    }
    if (arm.steps.length === 0) return [`${label}: nothing was measured`]
    const lacking = steps.filter((name) => arm.steps.every((step) => step.name !== name))
    return lacking.map((name) => `${label}: ${name} did not run; it did in another arm`)
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
  const label = `${arm.name} #${arm.repetition}`
  const differing = arm.knobs.filter(
    (knob) => knob.status === 'differs' || (knob.status === 'unverified' && !isOnTrust(knob)),
  )
  return [
    ...differing.map(
      ({ id, requested, effective }) =>
        `${label}: ${id} should be ${requested}, but ${effective === null ? 'could not be read back' : `is ${effective}`}`,
    ),
    ...doubtsAboutFleet(arm).map((doubt) => `${label}: ${doubt}`),
    ...doubtsAboutSteps(arm).map((doubt) => `${label} ${doubt}`),
  ]
}

function doubtsAboutSteps(arm: ArmOutcome): string[] {
  const isComplete = arm.outcome === 'complete'
  return stepKinds.flatMap((kind) => {
    const steps = outcomesOf(arm, kind)
    return steps.flatMap(({ name }, index) =>
      kind.outcome.doubtsAbout(steps, index, { isComplete }).map((doubt) => `${name}: ${doubt}`),
    )
  })
}

/** A node that flaps is shown in the report; one that stays away, or that a step needed, spoils the figures. */
function doubtsAboutFleet(arm: ArmOutcome): string[] {
  const { fleet } = arm
  const { flaps } = fleet
  const shortage = shortageOf(fleet)
  const away = flaps.notReadyAtEnd
  const named = `${away.slice(0, 5).join(', ')}${away.length > 5 ? ' and others' : ''}`
  const needed = stepKinds.flatMap((kind) =>
    outcomesOf(arm, kind).flatMap(({ outcome }) => kind.outcome.nodesOf(outcome)),
  )
  const probed = [...new Set(needed)].filter((node) => flaps.nodes.includes(node))
  return [
    ...(away.length > 0
      ? [
          `${plural(away.length, 'node was', 'nodes were')} not Ready at the end: ${named}${shortage === undefined ? '' : `; ${shortage}`}`,
        ]
      : []),
    ...probed.map((node) => `${node}, where the probes ran, did not stay Ready`),
  ]
}
