import { formatDuration } from '../base/duration.ts'
import type {
  ArmOutcome,
  Curve,
  KnobOutcome,
  LimiterReading,
  ProbeOutcome,
  ReferenceFigure,
  Result,
  StopName,
} from '../result/result.ts'
import { formatRange, formatShare, none, plural } from './format.ts'

/**
 * What every report says, whatever its format: the figures are worked out once, here, so that the page, the
 * comment, the terminal and the test report cannot disagree.
 */
export interface ReportView {
  /** Plan, verdict and evidence in one line. */
  title: string
  /** Why the figures may be called what they are called. */
  evidence: string
  /** `partial: interrupted` or `partial: failed`; null for a run that went to its end. */
  partial: string | null
  /** In order of first appearance; the first one is the baseline of every ratio. */
  profiles: string[]
  probes: ProbeView[]
  /** The notes of the reference figures; figures point here by position, counted from 1. */
  notes: string[]
  /** What a reader must know before trusting the figures, worst first. */
  caveats: Caveat[]
  knobs: KnobView
}

/** One kind of thing that lessens trust in the figures, and everywhere it happened. */
export interface Caveat {
  severity: 'bad' | 'warn'
  title: string
  places: string[]
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
  /** `tuned run 2` */
  label: string
  profile: string
  probe: ProbeOutcome
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
  /** Baseline's median over this one's: how many times faster. Null for the baseline itself and what cannot be compared. */
  ratio: number | null
  reference: Reference | null
}

/** The repetitions of one stop. A repetition that did not get there counts as infinitely late. */
export interface Sample {
  runs: number
  reached: number
  /** Null when the median repetition did not get there. */
  medianMs: number | null
  /** Over those that got there. */
  minMs: number | null
  maxMs: number | null
  /** The machine was the limit in one of them: such times are shown but not compared. */
  machineBound: boolean
}

/** A published figure beside a measured one. */
export interface Reference {
  valueMs: number
  /** (median - value) / value; null when there is no median or it cannot be compared. */
  deviation: number | null
  /** Baseline's figure over this one's; null for the baseline itself. */
  ratio: number | null
  /** Number of the note that goes with it, from 1. */
  note: number | null
}

/** Every knob once, in the group it is read in. */
export interface KnobView {
  /** Not the same in every profile, or not known to be what was asked for. */
  differing: KnobRow[]
  same: KnobRow[]
  /** No profile that asked for it got it. */
  notApplied: KnobRow[]
}

/** One knob over all profiles. */
export interface KnobRow {
  id: string
  component: string
  setting: string
  /** One per profile; empty when the profile does not know the knob. */
  cells: KnobCell[]
  readFrom: string
  notes: string[]
}

/** What a profile's arms say of a knob: one outcome unless the repetitions disagree. */
export interface KnobCell {
  profile: string
  outcomes: { repetitions: number[]; knob: KnobOutcome }[]
}

/** Above this share of processor time in use, the machine is what was measured. */
export const machineBoundAbove = 0.9

/** Whether the machine had no processor time left to run the probe at its own pace. */
export function isMachineBound({ machineBusy }: ProbeOutcome): boolean {
  return machineBusy !== null && machineBusy > machineBoundAbove
}

/** The order in which a cluster passes the stops. */
const stops: { stop: StopName; label: string; meaning: string }[] = [
  { stop: 'created', label: 'created', meaning: 'every pod exists in the API' },
  { stop: 'ready', label: 'ready', meaning: 'every pod is Ready' },
  { stop: 'available', label: 'available', meaning: 'kubectl rollout status returns' },
  { stop: 'rsCurrent', label: 'ReplicaSet current', meaning: 'kubectl get rs shows the new count' },
  { stop: 'deleted', label: 'deleted', meaning: 'every removed pod is gone from the API' },
]

/** Works out what the reports show. */
export function viewOf(result: Result): ReportView {
  const arms = result.arms.toSorted((a, b) => a.order - b.order)
  const profiles = [...new Set(arms.map((arm) => arm.profile))]
  const figures = result.reference?.figures ?? []
  const notes = [...new Set(figures.flatMap((figure) => figure.note ?? []))]
  return {
    title: `${result.plan}: ${result.verdict} (${result.evidence})`,
    evidence:
      result.evidence === 'simulated'
        ? 'Simulated: these figures come from a model on virtual time. No cluster was measured.'
        : 'Measured on real components with hollow nodes, which run no containers: the figures are those of the control plane and of the kubelet’s API client, not of a container runtime.',
    partial: partialOf(result),
    profiles,
    probes: probesOf(arms, profiles, figures, notes),
    notes,
    caveats: caveatsOf(arms),
    knobs: knobsOf(arms, profiles),
  }
}

/** How an arm is called wherever repetitions matter. Not `#2`: GitHub would make a link of it. */
export function armLabel(arm: Pick<ArmOutcome, 'profile' | 'repetition'>): string {
  return `${arm.profile} run ${arm.repetition}`
}

/** A sample in two pieces: the figure, and what spread stands behind it. */
export function sampleText(sample: Sample | null): { figure: string; detail: string } {
  if (sample === null) return { figure: none, detail: '' }
  const { runs, reached, medianMs, minMs, maxMs, machineBound } = sample
  const details = [
    reached < runs && runs > 1 && `reached in ${reached} of ${runs} runs`,
    reached === runs &&
      runs > 1 &&
      `${formatRange(formatDuration(minMs ?? 0), formatDuration(maxMs ?? 0))}, n = ${runs}`,
    machineBound && 'machine-bound',
  ]
  return {
    figure: medianMs === null ? 'not reached' : formatDuration(medianMs),
    detail: details.filter((detail) => detail !== false).join(', '),
  }
}

/** When a probe was over: the latest stop that was reached. */
export function lastStopMs(probe: ProbeOutcome): number {
  return Math.max(0, ...Object.values(probe.stopsMs).map((ms) => ms ?? 0))
}

/** The reached and missed stops of one run, in order: what applies, as label and time. */
export function stopsOf(probe: ProbeOutcome): { stop: StopName; label: string; ms: number | null }[] {
  return stops.flatMap(({ stop, label }) => {
    const ms = probe.stopsMs[stop]
    return ms === undefined ? [] : [{ stop, label, ms }]
  })
}

/** The name of a stop as people read it; an unknown one as it is. */
export function stopLabel(name: string): string {
  return stops.find(({ stop }) => stop === name)?.label ?? name
}

/** How explanations call a limiter. */
export function limiterName({ component, client }: LimiterReading): string {
  return `${component}/${client}`
}

/** The command that makes the reports of a run again. */
export function rerenderCommand(result: Result): string {
  return `scale-test report reports/${result.run}`
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

function partialOf(result: Result): string | null {
  if (!result.partial) return null
  return result.arms.some((arm) => arm.outcome === 'interrupted') ? 'partial: interrupted' : 'partial: failed'
}

function probesOf(arms: ArmOutcome[], profiles: string[], figures: ReferenceFigure[], notes: string[]): ProbeView[] {
  const runs = profiles.flatMap((profile) =>
    arms
      .filter((arm) => arm.profile === profile)
      .flatMap((arm) => arm.probes.map((probe): ProbeRun => ({ label: armLabel(arm), profile, probe }))),
  )
  return [...Map.groupBy(runs, ({ probe }) => probeTitle(probe))].map(([title, group]) => {
    const name = group[0]?.probe.name ?? title
    const ofProbe = figures.filter((figure) => figure.probe === name)
    const rows = stops.flatMap(({ stop, label, meaning }): ComparisonRow[] => {
      const ofStop = ofProbe.filter((figure) => figure.stop === stop)
      const applies = group.some(({ probe }) => probe.stopsMs[stop] !== undefined)
      if (!applies && ofStop.length === 0) return []
      const cells = cellsOf(stop, group, profiles, ofStop, notes)
      return [{ stop, label, meaning, documented: ofStop.length > 0, cells }]
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
    sampleOf(
      runs.filter((run) => run.profile === profile),
      stop,
    ),
  )
  const medians = samples.map((sample) => (sample === null || sample.machineBound ? null : sample.medianMs))
  const published = profiles.map((profile) => figures.find((figure) => figure.profile === profile))
  return profiles.map((profile, index) => {
    const median = medians[index] ?? null
    const figure = published[index]
    return {
      profile,
      measured: samples[index] ?? null,
      ratio: index === 0 ? null : ratioOf(medians[0], median),
      reference:
        figure === undefined
          ? null
          : {
              valueMs: figure.valueMs,
              deviation: median === null || figure.valueMs === 0 ? null : (median - figure.valueMs) / figure.valueMs,
              ratio: index === 0 ? null : ratioOf(published[0]?.valueMs, figure.valueMs),
              note: figure.note === undefined ? null : notes.indexOf(figure.note) + 1,
            },
    }
  })
}

function ratioOf(baseline: number | null | undefined, other: number | null): number | null {
  return baseline === null || baseline === undefined || other === null || other === 0 ? null : baseline / other
}

function sampleOf(runs: ProbeRun[], stop: StopName): Sample | null {
  const times = runs.map(({ probe }) => probe.stopsMs[stop]).filter((ms) => ms !== undefined)
  if (times.length === 0) return null
  const sorted = times.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const reached = sorted.filter(Number.isFinite)
  const middle = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
  return {
    runs: sorted.length,
    reached: reached.length,
    medianMs: Number.isFinite(middle) ? middle : null,
    minMs: reached[0] ?? null,
    maxMs: reached.at(-1) ?? null,
    machineBound: runs.some(({ probe }) => isMachineBound(probe)),
  }
}

function typicalOf(runs: ProbeRun[], profiles: string[], rows: ComparisonRow[]): ProbeRun[] {
  const decisive = rows.find((row) => row.documented) ?? rows.at(-1)
  return profiles.flatMap((profile, index) => {
    const median = decisive?.cells[index]?.measured?.medianMs ?? Number.POSITIVE_INFINITY
    const distance = ({ probe }: ProbeRun): number => {
      const ms = (decisive && probe.stopsMs[decisive.stop]) ?? Number.POSITIVE_INFINITY
      return ms === median ? 0 : Math.abs(ms - median)
    }
    return runs
      .filter((run) => run.profile === profile)
      .toSorted((a, b) => distance(a) - distance(b))
      .slice(0, 1)
  })
}

function caveatsOf(arms: ArmOutcome[]): Caveat[] {
  const perArm = (say: (arm: ArmOutcome) => string[]): string[] =>
    arms.flatMap((arm) => say(arm).map((text) => `${armLabel(arm)}: ${text}`))
  const perProbe = (say: (probe: ProbeOutcome) => string | false | undefined): string[] =>
    perArm((arm) =>
      arm.probes.flatMap((probe) => {
        const text = say(probe)
        return text ? [`${probe.name}, ${text}`] : []
      }),
    )
  const knobs = (status: KnobOutcome['status']): string[] =>
    perArm((arm) => {
      const ids = arm.knobs.filter((knob) => knob.status === status).map((knob) => knob.id)
      return ids.length === 0 ? [] : [ids.join(', ')]
    })
  const caveats: Caveat[] = [
    { severity: 'bad', title: 'Left behind or not restored', places: perArm((arm) => arm.residue) },
    {
      severity: 'bad',
      title: 'Arms that did not complete',
      places: perArm((arm) => (arm.outcome === 'complete' ? [] : [arm.error ?? arm.outcome])),
    },
    { severity: 'bad', title: 'Probes that went wrong', places: perProbe((probe) => probe.error) },
    {
      severity: 'bad',
      title: 'Machine-bound: the machine itself was the limit, timings are not comparable',
      places: perProbe((probe) => isMachineBound(probe) && `processors ${formatShare(probe.machineBusy ?? 0)} busy`),
    },
    { severity: 'bad', title: 'Knobs that run with another value than requested', places: knobs('differs') },
    { severity: 'warn', title: 'Knobs that could not be read back', places: knobs('unverified') },
    {
      severity: 'warn',
      title: 'Pods beyond the expected ones (replacements, evictions)',
      places: perProbe(({ pods }) => pods.unexpected > 0 && plural(pods.unexpected, 'pod')),
    },
    {
      severity: 'warn',
      title: 'Moments known only as an interval, because a watch had to list again',
      places: perProbe(({ pods }) => pods.censored > 0 && plural(pods.censored, 'transition')),
    },
  ]
  return caveats.filter((caveat) => caveat.places.length > 0)
}

function knobsOf(arms: ArmOutcome[], profiles: string[]): KnobView {
  const ids = [...new Set(arms.flatMap((arm) => arm.knobs.map((knob) => knob.id)))]
  const rows = ids.map((id) => knobRow(id, arms, profiles))
  const outcomes = (row: KnobRow): KnobOutcome[] => row.cells.flatMap((cell) => cell.outcomes.map(({ knob }) => knob))
  const isNotApplied = (row: KnobRow): boolean => outcomes(row).every((knob) => knob.status === 'not-applied')
  const isDiffering = (row: KnobRow): boolean =>
    row.cells.some((cell) => cell.outcomes.length !== 1) ||
    outcomes(row).some((knob) => knob.status !== 'applied') ||
    new Set(outcomes(row).map((knob) => `${typeof knob.effective} ${knob.effective}`)).size > 1
  const notApplied = rows.filter(isNotApplied)
  const applied = rows.filter((row) => !isNotApplied(row))
  return {
    differing: applied.filter(isDiffering),
    same: applied.filter((row) => !isDiffering(row)),
    notApplied,
  }
}

function knobRow(id: string, arms: ArmOutcome[], profiles: string[]): KnobRow {
  const all = arms.flatMap((arm) =>
    arm.knobs.filter((knob) => knob.id === id).map((knob) => ({ profile: arm.profile, arm, knob })),
  )
  const noted = Map.groupBy(
    all.filter(({ knob }) => knob.note),
    ({ knob }) => knob.note ?? '',
  )
  return {
    id,
    component: all[0]?.knob.component ?? '',
    setting: all[0]?.knob.setting ?? id,
    cells: profiles.map((profile) => {
      const own = all.filter((entry) => entry.profile === profile)
      const distinct = Map.groupBy(own, ({ knob }) => JSON.stringify([knob.requested, knob.effective, knob.status]))
      return {
        profile,
        outcomes: [...distinct.values()].flatMap((same) => {
          const knob = same[0]?.knob
          return knob === undefined ? [] : [{ repetitions: same.map(({ arm }) => arm.repetition), knob }]
        }),
      }
    }),
    readFrom: [...new Set(all.flatMap(({ knob }) => knob.readFrom ?? []))].join(', ') || none,
    notes: [...noted].map(([note, entries]) => {
      const only = new Set(entries.map(({ profile }) => profile))
      return only.size < profiles.length ? `${[...only].join(', ')}: ${note}` : note
    }),
  }
}
