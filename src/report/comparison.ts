import type { Difference, DifferenceRule, RunReading } from '../result/difference.ts'
import { differenceOf } from '../result/difference.ts'
import type { ReferenceFigure } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { clockResolutionMs, comparable, sampleOf } from '../result/sample.ts'
import type { Series } from '../result/series.ts'
import { nothingShown } from './difference.ts'
import { nearestTo } from './sample.ts'

/** One figure of a step: how it is read, and what is known of it. */
export interface Figure<Outcome> {
  /** As thresholds and published figures call it. */
  name: string
  label: string
  /** Its label where the step is not named beside it; the same unless given. */
  inFull?: string
  /** What it is, in words. */
  meaning: string
  /** Times, which are in `ms`, are set in ratio; nothing else is. */
  unit: Series['unit']
  format: (value: number) => string
  /** What a figure of a saturated machine is: a time is an upper bound, a rate a lower one. */
  bound: '≤' | '≥'
  /** headline: in every format. table: where there is room. background: in no table, but compared all the same. */
  importance: 'headline' | 'table' | 'background'
  /** One run's; undefined where the figure does not apply. */
  read: (outcome: Outcome) => Reading | undefined
  /** How many times as long it has to be to be called longer, where it is known no better. */
  leastFactor?: number
  /** Of figures of one family, only the one that grew most is called worse. */
  family?: Family
  /** Why it is longer in one run than in another, as far as anybody knows. */
  cause?: (before: Outcome | undefined, after: Outcome) => string | undefined
  /** What bounds it; undefined where that is not known. */
  binding?: (outcome: Outcome) => Binding | undefined
}

export interface Family {
  name: string
  /** How the others that grew are called: ` (and 3 other kinds of request)`. */
  others: (count: number) => string
}

/** What bounds a time, as the run has it and as people say it. */
export interface Binding {
  /** `kubelet/KubeClient`; null when no client limit accounts for the time. */
  boundBy: string | null
  words: string
}

/** The words for a time that no client limit accounts for. */
export const noClientLimit = 'no client limit'

/** The figures of one step, arm beside arm: a block of a section. */
export interface Comparison {
  kind: 'comparison'
  title: string
  /** Of the table that it stands in; steps with the same one share it. */
  caption: string
  /** What its rows are: `Stop`. */
  head: string
  /** Where it ran and with what; empty where there is nothing to say. */
  conditions: string
  rows: Row[]
}

export type Row = FigureRow | TextRow

/** What every arm took for one figure. */
export interface FigureRow extends Omit<Figure<never>, 'read' | 'cause' | 'binding' | 'inFull'> {
  kind: 'figure'
  inFull: string
  /** A published figure is of this one. */
  documented: boolean
  /** One per arm, in the order of `ReportContext.armNames`. */
  cells: ComparisonCell[]
  /** Why the arm's is longer than the baseline's. */
  causeIn: (baseline: string, arm: string) => string | undefined
  bindingIn: (arm: string) => Binding | undefined
}

/** Something that is said of every arm and not compared. */
export interface TextRow {
  kind: 'text'
  label: string
  cells: { arm: string; text: string; isBad: boolean }[]
}

/** What one arm took for one figure. */
export interface ComparisonCell {
  arm: string
  /** One per run that it applies to. */
  readings: RunReading[]
  /** Of all of them; null when there are none. */
  measured: Sample | null
  /** How it differs from the baseline's; null for the baseline itself, and for what is no time. */
  difference: Difference | null
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

/** One arm's go at a step. */
export interface StepRun<Outcome> {
  /** The arm's name. */
  arm: string
  /** `tuned #2` */
  label: string
  repetition: number
  outcome: Outcome
}

interface Compared<Outcome> {
  /** The step's name, as published figures call it. */
  name: string
  runs: readonly StepRun<Outcome>[]
  figures: readonly Figure<Outcome>[]
  armNames: readonly string[]
  references: readonly ReferenceFigure[]
  notes: readonly string[]
  /** Differences of less than this share are of no interest. */
  material: number
  /** The figure that decides which run of an arm is typical of it. */
  decisive: (rows: readonly FigureRow[]) => FigureRow | undefined
}

/** Sets the runs of a step side by side, figure by figure, and picks the run of each arm that is nearest to its median. */
export function compare<Outcome>(compared: Compared<Outcome>): { rows: FigureRow[]; typical: StepRun<Outcome>[] } {
  const { name, figures, armNames, references, runs } = compared
  const typicalOf = (arm: string) => typical.find((run) => run.arm === arm)?.outcome
  const rows = figures.flatMap((figure): FigureRow[] => {
    const { read: _, cause, binding, inFull = figure.label, ...rest } = figure
    const published = references.filter(({ probe, stop }) => probe === name && stop === figure.name)
    const cells = cellsOf(compared, figure, published)
    if (published.length === 0 && cells.every(({ measured }) => measured === null)) return []
    const causeIn = (baseline: string, arm: string) => {
      const after = typicalOf(arm)
      return after === undefined ? undefined : cause?.(typicalOf(baseline), after)
    }
    const bindingIn = (arm: string) => {
      const outcome = typicalOf(arm)
      return outcome === undefined ? undefined : binding?.(outcome)
    }
    return [{ kind: 'figure', ...rest, inFull, documented: published.length > 0, cells, causeIn, bindingIn }]
  })
  const decisive = compared.decisive(rows)
  const read = figures.find((figure) => figure.name === decisive?.name)?.read
  const typical = armNames.flatMap((arm, index) => {
    const own = runs.filter((run) => run.arm === arm)
    const median = decisive?.cells[index]?.measured?.median ?? null
    return nearestTo(median, own, ({ outcome }) => read?.(outcome)?.value ?? null) ?? []
  })
  return { rows, typical }
}

function cellsOf<Outcome>(
  { runs, armNames, notes, material }: Compared<Outcome>,
  { read, unit }: Figure<Outcome>,
  published: readonly ReferenceFigure[],
): ComparisonCell[] {
  const readings = armNames.map((name) =>
    runs.flatMap(({ arm, repetition, outcome }) => {
      const reading = arm === name ? read(outcome) : undefined
      return reading === undefined ? [] : [{ repetition, reading }]
    }),
  )
  const samples = readings.map((own) => sampleOf(own.map(({ reading }) => reading)))
  const [baseline = []] = readings
  const figures = armNames.map((arm) => published.find((figure) => figure.arm === arm))
  return armNames.map((arm, index) => {
    const measured = samples[index] ?? null
    return {
      arm,
      readings: readings[index] ?? [],
      measured,
      difference: index === 0 || unit !== 'ms' ? null : timesDiffer(baseline, readings[index] ?? [], { material }),
      reference: referenceOf(figures[index], index === 0 ? undefined : figures[0], measured, notes),
    }
  })
}

/** How the times of an arm differ from those of the baseline, repetition by repetition. */
export function timesDiffer(
  baseline: readonly RunReading[],
  other: readonly RunReading[],
  rule: Pick<DifferenceRule, 'material' | 'comparisons' | 'leastDeviation'>,
): Difference {
  return differenceOf(baseline, other, { ...rule, pairing: 'repetition', resolution: clockResolutionMs })
}

/** One repetition of both arms. */
export interface RepetitionPair {
  repetition: number
  baseline: Reading
  other: Reading
}

/** other / baseline; null where either is not known exactly, or is nothing. */
export function pairRatio({ baseline, other }: RepetitionPair): number | null {
  const isKnown = baseline.hindrance === null && other.hindrance === null
  return isKnown && baseline.value !== null && other.value !== null && baseline.value > 0
    ? other.value / baseline.value
    : null
}

/** What an arm took in the repetitions that the baseline has, too, beside what that took. */
export function pairsOf(baseline: ComparisonCell, { readings }: ComparisonCell): RepetitionPair[] {
  return readings.flatMap(({ repetition, reading }) => {
    const match = baseline.readings.find((one) => one.repetition === repetition)
    return match === undefined ? [] : [{ repetition, baseline: match.reading, other: reading }]
  })
}

function referenceOf(
  figure: ReferenceFigure | undefined,
  baseline: ReferenceFigure | undefined,
  measured: Sample | null,
  notes: readonly string[],
): Reference | null {
  if (figure === undefined) return null
  const { valueMs, note } = figure
  const median = comparable(measured)
  return {
    valueMs,
    deviation: median === null || valueMs === 0 ? null : (median - valueMs) / valueMs,
    ratio: baseline === undefined ? null : baseline.valueMs / valueMs,
    note: note === undefined ? null : notes.indexOf(note) + 1,
  }
}

/** Of the figures of these steps that show no difference, what can be said all the same: a sentence for each arm. */
export function nothingShownIn(
  comparisons: readonly Comparison[],
  arms: readonly string[],
  least?: 'headline',
): string[] {
  return arms.slice(1).flatMap((arm) => {
    const rows = comparisons.flatMap((one) => figureRows({ rows: shownRows(one, least) }))
    const found = rows.map(({ label, inFull, cells }) => ({
      label: comparisons.length > 1 ? inFull : label,
      difference: cells.find((cell) => cell.arm === arm)?.difference ?? null,
    }))
    return nothingShown(found, arm)
  })
}

/** The rows that have figures. */
export function figureRows({ rows }: Pick<Comparison, 'rows'>): FigureRow[] {
  return rows.filter((row) => row.kind === 'figure')
}

/** The rows of times: only they are compared. */
export function timeRows(comparison: Pick<Comparison, 'rows'>): FigureRow[] {
  return figureRows(comparison).filter(({ unit }) => unit === 'ms')
}

/** The rows that a table shows; only the most important ones where there is little room. */
export function shownRows({ rows }: Pick<Comparison, 'rows'>, least: 'headline' | 'table' = 'table'): Row[] {
  return rows.filter(
    (row) => row.kind === 'text' || row.importance === 'headline' || (row.importance === 'table' && least === 'table'),
  )
}
