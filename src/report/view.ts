import { plural } from '../base/count.ts'
import { stopOrder } from '../plan/stops.ts'
import { readingOfStop, timeoutInWords, unfinishedStart } from '../result/readings.ts'
import type { ArmOutcome, Curve, ProbeOutcome, ReferenceFigure, Result, StopName } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { comparable, ratioOf, sampleOf } from '../result/sample.ts'
import type { Caveat } from './caveats.ts'
import { caveatsOf } from './caveats.ts'
import type { EvidenceWords } from './evidence.ts'
import { evidenceOf, wordsFor } from './evidence.ts'
import type { FillView } from './fill-view.ts'
import { fillViewOf } from './fill-view.ts'
import type { KnobView } from './knobs.ts'
import { knobsOf } from './knobs.ts'
import { armLabel, stopTexts } from './labels.ts'
import { nearestTo } from './sample.ts'
import type { Worsened } from './worse.ts'
import { worsenedIn } from './worse.ts'

/**
 * What every report says, whatever its format: the figures are worked out once, here, so that the page, the
 * comment, the terminal and the test report cannot disagree.
 */
export interface ReportView {
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
  profiles: string[]
  probes: ProbeView[]
  /** How the clusters were filled; null when none was. */
  fill: FillView | null
  /** Times that an arm made longer than the baseline's; nothing where the arms are the values of one setting. */
  worse: Worsened[]
  /** The notes of the reference figures; figures point here by position, counted from 1. */
  notes: string[]
  /** What a reader must know before trusting the figures, worst first. */
  caveats: Caveat[]
  knobs: KnobView
}

/** One probe over all arms. */
export interface ProbeView {
  name: string
  /** `rollout 1 → 200` */
  title: string
  /** Where it ran and with what pods. */
  conditions: string
  rows: ComparisonRow[]
  /** Every time the probe ran, by profile, then repetition. */
  runs: ProbeRun[]
  /** One run per profile: the one nearest to the median. */
  typical: ProbeRun[]
}

/** One arm's go at a probe. */
export interface ProbeRun {
  /** `tuned #2` */
  label: string
  profile: string
  /** What it was bound by is left out where its start was unfinished. */
  probe: ProbeOutcome
  /** When it reached each stop, and what keeps that from being compared. */
  readings: Partial<Record<StopName, Reading>>
  /** Why it does not show what the plan asks for: how far it came until it timed out, or what it started from. */
  troubles: string[]
}

/** One stop of a probe: what each profile took for it. */
export interface ComparisonRow {
  stop: StopName
  label: string
  /** What is true of the cluster at this stop. */
  meaning: string
  /** The document timed this stop. */
  documented: boolean
  /** One per profile, in the order of `ReportView.profiles`. */
  cells: ComparisonCell[]
}

/** What one profile took for one stop. */
export interface ComparisonCell {
  profile: string
  /** Null when the stop does not apply, or the profile never ran the probe. */
  measured: Sample | null
  /** Baseline's median over this one's, how many times as fast; null for the baseline itself and what cannot be compared. */
  ratio: number | null
  reference: Reference | null
}

/** A published figure beside a measured one. */
interface Reference {
  valueMs: number
  /** (median - value) / value; null when there is no median or it cannot be compared. */
  deviation: number | null
  /** Baseline's figure over this one's; null for the baseline itself. */
  ratio: number | null
  /** Number of the note that goes with it, from 1. */
  note: number | null
}

/** Works out what the reports show. */
export function viewOf(result: Result): ReportView {
  const arms = result.arms.toSorted((a, b) => a.order - b.order)
  const profiles = [...new Set(arms.map((arm) => arm.profile))]
  const figures = result.reference?.figures ?? []
  const notes = [...new Set(figures.flatMap((figure) => figure.note ?? []))]
  const probes = probesOf(arms, profiles, figures, notes)
  const fill = fillViewOf(arms, profiles)
  const worse = result.whatIf === undefined ? worsenedIn({ profiles, arms, probes, fill }) : []
  const verdict = verdictOf(result, worse)
  return {
    title: `${result.plan}: ${verdict}`,
    verdict,
    evidence: evidenceOf(result),
    words: wordsFor(result.evidence),
    partial: partialOf(result),
    profiles,
    probes,
    fill,
    worse,
    notes,
    caveats: caveatsOf(arms),
    knobs: knobsOf(arms, profiles),
  }
}

/** What is drawn of a probe over time. */
export interface ChartedCurve {
  title: string
  lines: { label: string; profile: string; curve: Curve }[]
  /** The document's figures for stops at which this very curve ends. */
  marks: { profile: string; valueMs: number }[]
}

/** Which curve shows a probe, and the stops at which the curve ends: a figure for another stop has no place in it. */
const charted: { key: string; title: string; endsAt: StopName[] }[] = [
  { key: 'ready', title: 'Pods Ready', endsAt: ['available', 'ready'] },
  { key: 'remaining', title: 'Pods remaining', endsAt: ['deleted'] },
]

/** The curve that shows the probe best, of every run that has it; null when none has any. */
export function chartedCurve({ runs, rows }: ProbeView): ChartedCurve | null {
  for (const { key, title, endsAt } of charted) {
    const lines = runs.flatMap(({ label, profile, probe }) => {
      const curve = probe.curves[key] ?? []
      return curve.length === 0 ? [] : [{ label, profile, curve }]
    })
    if (lines.length === 0) continue
    const cells = rows.filter(({ stop }) => endsAt.includes(stop)).flatMap((row) => row.cells)
    const marks = cells.flatMap(({ profile, reference }) =>
      reference === null ? [] : [{ profile, valueMs: reference.valueMs }],
    )
    return { title, lines, marks }
  }
  return null
}

/** No threshold speaks of it, but no reader of a pass is to overlook it. */
function verdictOf({ verdict, evidence }: Result, worse: readonly Worsened[]): string {
  const more = verdict === 'pass' && worse.length > 0 ? `, with ${plural(worse.length, 'figure')} worse` : ''
  return `${verdict}${more} (${evidence})`
}

function partialOf(result: Result): string | null {
  if (!result.partial) return null
  const ended = result.arms.find((arm) => arm.outcome !== 'complete')
  // Killed, or still going on: every arm that is here was finished.
  return `partial: ${ended?.outcome ?? 'unfinished'}`
}

function probesOf(arms: ArmOutcome[], profiles: string[], figures: ReferenceFigure[], notes: string[]): ProbeView[] {
  const runs = profiles.flatMap((profile) =>
    arms
      .filter((arm) => arm.profile === profile)
      .flatMap((arm) => arm.probes.map((probe, index) => runOf(arm, probe, index))),
  )
  return [...Map.groupBy(runs, ({ probe }) => probeTitle(probe))].map(([title, group]) => {
    const name = group[0]?.probe.name ?? title
    const ofProbe = figures.filter((figure) => figure.probe === name)
    const rows = stopOrder.flatMap((stop): ComparisonRow[] => {
      const ofStop = ofProbe.filter((figure) => figure.stop === stop)
      const applies = group.some(({ probe }) => probe.stopsMs[stop] !== undefined)
      if (!applies && ofStop.length === 0) return []
      const cells = cellsOf(stop, group, profiles, ofStop, notes)
      return [{ stop, ...stopTexts[stop], documented: ofStop.length > 0, cells }]
    })
    return {
      name,
      title,
      conditions: conditionsOf(group),
      rows,
      runs: group,
      typical: typicalOf(group, profiles, rows),
    }
  })
}

function runOf(arm: ArmOutcome, probe: ProbeOutcome, index: number): ProbeRun {
  const unfinished = unfinishedStart(arm.probes, index)
  const readings = stopOrder.map((stop) => [stop, readingOfStop(arm.probes, index, stop)] as const)
  return {
    label: armLabel(arm),
    profile: arm.profile,
    probe: unfinished === undefined ? probe : { ...probe, explanations: [] },
    readings: Object.fromEntries(readings.filter(([, reading]) => reading !== undefined)),
    troubles: [unfinished, timeoutInWords(arm.probes, index)].filter((trouble) => trouble !== undefined),
  }
}

function probeTitle(probe: ProbeOutcome): string {
  return `${probe.name} ${probe.from} → ${probe.to}`
}

function conditionsOf(runs: ProbeRun[]): string {
  const nodes = [...new Set(runs.map(({ probe }) => probe.node))]
  const tokens = new Set(runs.map(({ probe }) => probe.serviceAccountToken))
  const pods = tokens.size > 1 ? 'in some arms with a' : tokens.has(true) ? 'with a' : 'without a'
  return `on node ${nodes.join(', ')}, pods ${pods} service-account token`
}

function cellsOf(
  stop: StopName,
  runs: ProbeRun[],
  profiles: string[],
  figures: ReferenceFigure[],
  notes: string[],
): ComparisonCell[] {
  const samples = profiles.map((profile) =>
    sampleAt(
      runs.filter((run) => run.profile === profile),
      stop,
    ),
  )
  const published = profiles.map((profile) => figures.find((figure) => figure.profile === profile))
  return profiles.map((profile, index) => {
    const sample = samples[index] ?? null
    const median = comparable(sample)
    const figure = published[index]
    return {
      profile,
      measured: sample,
      ratio: index === 0 ? null : ratioOf(samples[0] ?? null, sample),
      reference:
        figure === undefined
          ? null
          : {
              valueMs: figure.valueMs,
              deviation: median === null || figure.valueMs === 0 ? null : (median - figure.valueMs) / figure.valueMs,
              ratio: index === 0 || published[0] === undefined ? null : published[0].valueMs / figure.valueMs,
              note: figure.note === undefined ? null : notes.indexOf(figure.note) + 1,
            },
    }
  })
}

function sampleAt(runs: ProbeRun[], stop: StopName): Sample | null {
  return sampleOf(runs.flatMap(({ readings }) => readings[stop] ?? []))
}

function typicalOf(runs: ProbeRun[], profiles: string[], rows: ComparisonRow[]): ProbeRun[] {
  const decisive = rows.find((row) => row.documented) ?? rows.at(-1)
  return profiles.flatMap((profile, index) => {
    const own = runs.filter((run) => run.profile === profile)
    const median = decisive?.cells[index]?.measured?.median ?? null
    return nearestTo(median, own, ({ probe }) => (decisive && probe.stopsMs[decisive.stop]) ?? null) ?? []
  })
}
