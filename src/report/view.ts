import { plural } from '../base/count.ts'
import type { Result } from '../result/result.ts'
import type { Caveat } from './caveats.ts'
import { caveatsOf } from './caveats.ts'
import { checklistSections } from './checklist.ts'
import type { Comparison } from './comparison.ts'
import { figureRows } from './comparison.ts'
import { conditionsSection } from './conditions.ts'
import { controlPlaneSection } from './control-plane.ts'
import { repetitionsInWords } from './difference.ts'
import type { EvidenceWords } from './evidence.ts'
import { evidenceOf, wordsFor } from './evidence.ts'
import type { Basis, Headline } from './headline.ts'
import { basisOf, headlinesOf } from './headline.ts'
import type { KnobView } from './knobs.ts'
import { knobsOf } from './knobs.ts'
import type { Section } from './section.ts'
import { joinedSections } from './section.ts'
import { armSeries, seriesComparison, seriesSection } from './series.ts'
import type { StepReport, StepView } from './step-view.ts'
import { symptomsSection } from './symptoms.ts'
import type { ArmVersions } from './versions.ts'
import { differingVersions } from './versions.ts'
import type { Worsened } from './worse.ts'
import { worsenedIn } from './worse.ts'

/**
 * What every report says, whatever its format: the figures are worked out once, here, so that the page, the
 * comment, the terminal and the test report cannot disagree.
 */
export interface ReportView {
  /** With its arms in the order they ran. */
  result: Result
  /** Plan, verdict and evidence in one line. */
  title: string
  /** `pass, with 1 figure worse (simulated)` */
  verdict: string
  /** Why the figures may be called what they are called. */
  evidence: string
  /** Further sentences that depend on the evidence. */
  words: EvidenceWords
  /** `partial: interrupted`, `failed` or `unfinished`; null for a run that went to its end. */
  partial: string | null
  /** In order of first appearance; the first one is the baseline of every ratio. */
  armNames: string[]
  /** In the order they ran. */
  steps: StepReport[]
  /** What the arms have over all of their time; null when that was not recorded. */
  series: Comparison | null
  /** Of all steps together, in the order of the page. */
  sections: Section[]
  /** What each arm made of each step, a sentence each; nothing where the arms are the values of one setting. */
  headlines: Headline[]
  /** How many settings differ, and how often each arm ran. */
  basis: Basis
  /** What to know of how often the arms ran. */
  repetitions: string[]
  /** Times that an arm made longer than the baseline's; nothing where the arms are the values of one setting. */
  worse: Worsened[]
  /** What arms ran that not all of them did; nothing where their versions are the same. */
  versions: ArmVersions[]
  /** The notes of the published figures; figures point here by position, counted from 1. */
  notes: string[]
  /** What a reader must know before trusting the figures, worst first. */
  caveats: Caveat[]
  knobs: KnobView
}

/** Works out what the reports show; `views` are those of the kinds of steps. */
export function viewOf(given: Result, views: readonly StepView[]): ReportView {
  const arms = given.arms.toSorted((a, b) => a.order - b.order)
  const result = { ...given, arms }
  const armNames = [...new Set(arms.map((arm) => arm.name))]
  const references = result.reference?.figures ?? []
  const notes = [...new Set(references.flatMap((figure) => figure.note ?? []))]
  const words = wordsFor(result.evidence)
  const context = { arms, armNames, evidence: result.evidence, words, references, notes, material: result.material }
  const steps = views.flatMap((view) => view.reportsOf(context)).toSorted((one, other) => one.order - other.order)
  const recorded = armSeries(context)
  const series = seriesComparison(recorded, context)
  const worse = result.whatIf === undefined ? worsenedIn({ arms, armNames, steps, material: result.material }) : []
  const verdict = verdictOf(result, worse)
  const versions = differingVersions(arms, result.versions)
  const knobs = knobsOf(arms, armNames)
  const headlines = result.whatIf === undefined ? headlinesOf(steps, armNames) : []
  return {
    result,
    title: `${result.plan}: ${verdict}`,
    verdict,
    evidence: evidenceOf(result),
    words,
    partial: partialOf(result),
    armNames,
    steps,
    series,
    sections: joinedSections([
      ...conditionsSection(steps, words),
      ...steps.flatMap(({ sections }) => sections),
      ...controlPlaneSection(arms),
      ...symptomsSection(arms, words),
      ...seriesSection(recorded, series),
      ...checklistSections(result.checklists),
    ]),
    headlines,
    basis: basisOf(arms, armNames, knobs.differing.length),
    repetitions: repetitionsOf(result, steps),
    worse,
    versions,
    notes,
    caveats: caveatsOf(result, steps, versions),
    knobs,
  }
}

function repetitionsOf(result: Result, steps: readonly StepReport[]): string[] {
  const { arms, warmUps = [], material, evidence, whatIf } = result
  const warmedUp = warmUps.map(({ name, outcome }) => (outcome === 'complete' ? name : `${name} (${outcome})`))
  const said = warmUps.length === 0 ? [] : [`Warm-up, not in any figure: a first run of ${warmedUp.join(', ')}.`]
  // A what-if says of its own how often it ran what.
  if (whatIf !== undefined) return said
  const cells = steps.flatMap(({ figures }) => figureRows(figures).flatMap((row) => row.cells))
  const differences = cells.flatMap(({ difference }) => difference ?? [])
  const repetitions = Math.max(0, ...arms.map(({ repetition }) => repetition))
  return [...said, ...repetitionsInWords(differences, { repetitions, material, evidence })]
}

/** No threshold speaks of it, but no reader of a pass is to overlook it. */
function verdictOf({ verdict, evidence }: Result, worse: readonly Worsened[]): string {
  const more = verdict === 'pass' && worse.length > 0 ? `, with ${plural(worse.length, 'figure')} worse` : ''
  return `${verdict}${more} (${evidence})`
}

function partialOf(result: Result): string | null {
  if (!result.partial) return null
  const ended = result.arms.find((arm) => arm.outcome !== 'complete')
  // Killed, or still running: every arm that is here was finished.
  return `partial: ${ended?.outcome ?? 'unfinished'}`
}
