import type { Difference } from '../../result/difference.ts'
import { differenceOf, isDifference } from '../../result/difference.ts'
import type { ArmOutcome, Result } from '../../result/result.ts'
import { clockResolutionMs } from '../../result/sample.ts'
import type { FigureRow } from '../comparison.ts'
import { figureRows } from '../comparison.ts'
import { sampleText } from '../sample.ts'
import type { StepView } from '../step-view.ts'
import { viewOf } from '../view.ts'
import type { ArmPair, Side } from './sides.ts'
import type { WhatDiffers } from './what-differs.ts'
import { changesFor } from './what-differs.ts'

/** A figure that two results have, and how it differs. */
export interface Finding {
  /** The arm, and what it is called in the other result if that is another name: `tuned`, `v1.36 → v1.37`. */
  arm: string
  /** `rollout available`, `apiserver_request_latency_ms p99 POST pods`. */
  label: string
  /** Times and rates at the top of a step's table: what a verdict is made of. The others are worth a look. */
  isHeadline: boolean
  /** More of a time is slower. */
  of: 'time' | 'amount'
  /** Medians of both, as reports show them. */
  before: string
  after: string
  difference: Difference
  /** changed: nobody can say whether more of it is better. */
  effect: 'worse' | 'better' | 'changed' | 'none-shown' | 'not-comparable'
  /** What is known of why: the limit that binds, and what differs between the results. */
  cause: string
}

/** The findings of one result against the baseline. */
export interface Compared {
  side: Side
  findings: Finding[]
  /** Figures that only one of the two has. */
  alone: string[]
}

/** What results are compared with. */
export interface Comparing {
  views: readonly StepView[]
  pairs: readonly ArmPair[]
  differs: readonly WhatDiffers[]
  /** Place of the other result among the sides. */
  index: number
  /** Less than this share is of no interest. */
  material: number
}

/**
 * Compares every figure of two results. The arms of both are laid into one result, so that figures are read as every report reads them.
 * Headline figures are one family and all others another one: in each, the intervals hold together with 95 % (Bonferroni), because of
 * hundreds of series some would differ by chance.
 */
export function compareResults(baseline: Side, other: Side, comparing: Comparing): Compared {
  const rows = comparing.pairs.flatMap((pair) => rowsOf(baseline, other, pair, comparing))
  const both = rows.filter(({ row }) => row.cells.every(({ readings }) => readings.length > 0))
  const families = Map.groupBy(both, ({ isHeadline }) => isHeadline)
  const findings = both.map((one) =>
    findingOf(one, families.get(one.isHeadline)?.length ?? 1, baseline, other, comparing),
  )
  const alone = rows.filter((row) => !both.includes(row)).map(({ pair, label }) => `${armsText(pair)} ${label}`)
  return { side: other, findings: findings.toSorted((one, next) => sizeOf(next) - sizeOf(one)), alone }
}

/** How many times as much, or as little, one result has; ranks alone come before all that is measured. */
function sizeOf({ difference }: Pick<Finding, 'difference'>): number {
  const ratio =
    difference.kind === 'one-run'
      ? difference.ratio
      : 'estimate' in difference
        ? (difference.estimate?.ratio ?? Number.POSITIVE_INFINITY)
        : 1
  return Math.max(ratio, 1 / ratio)
}

interface ComparedRow {
  pair: ArmPair
  row: FigureRow
  label: string
  isHeadline: boolean
  /** Of a series over the whole arm: whether more of something is better is then known of few. */
  isSeries: boolean
}

function rowsOf(baseline: Side, other: Side, pair: ArmPair, { views }: Comparing): ComparedRow[] {
  const view = viewOf(laidTogether(baseline, other, pair), views)
  const ofSteps = view.steps.flatMap(({ figures }) =>
    figureRows(figures).map((row) => ({
      pair,
      row,
      label: row.inFull,
      isHeadline: row.importance === 'headline' && (row.unit === 'ms' || row.unit === 'per second'),
      isSeries: false,
    })),
  )
  const ofArms = view.series === null ? [] : figureRows(view.series)
  return [...ofSteps, ...ofArms.map((row) => ({ pair, row, label: row.inFull, isHeadline: false, isSeries: true }))]
}

/** One result whose arms are those of two. */
function laidTogether(baseline: Side, other: Side, pair: ArmPair): Result {
  const renamed = ({ letter, result }: Side, name: string, offset: number): ArmOutcome[] =>
    result.arms
      .filter((arm) => arm.name === name)
      .map((arm) => ({ ...arm, name: letter, id: `${letter}-${arm.id}`, order: arm.order + offset }))
  const before = renamed(baseline, pair.before, 0)
  const last = Math.max(0, ...before.map(({ order }) => order))
  const { whatIf: _, ...result } = baseline.result
  return { ...result, arms: [...before, ...renamed(other, pair.after, last)], thresholds: [], reference: null }
}

function findingOf(
  { row, pair, label, isHeadline, isSeries }: ComparedRow,
  family: number,
  baseline: Side,
  other: Side,
  { material, differs, index }: Comparing,
): Finding {
  const [before, after] = row.cells
  const difference = differenceOf(before?.readings ?? [], after?.readings ?? [], {
    pairing: 'none',
    // Percentiles of a histogram are known no better than its buckets.
    material: Math.max(material, (row.leastFactor ?? 1) - 1),
    ...(row.unit === 'ms' && { resolution: clockResolutionMs }),
    comparisons: family,
  })
  const text = (cell: typeof before) => sampleText(cell?.measured ?? null, row.format, row.bound).figure
  const binding = row.bindingIn(other.letter)
  const why = row.causeIn(baseline.letter, other.letter)
  const bound = why ?? (binding === undefined ? undefined : `bound by ${binding.words}`)
  const changes = changesFor(differs, index, pair)
  return {
    arm: armsText(pair),
    label,
    isHeadline,
    of: row.unit === 'ms' ? 'time' : 'amount',
    before: text(before),
    after: text(after),
    difference,
    effect: effectOf(difference, row, isSeries),
    cause: [bound ?? [], ordered(changes, binding?.boundBy ?? null)].flat().join('; ') || 'cause not known',
  }
}

const mostChanges = 3

/** Settings of the component that binds come first. */
function ordered(changes: readonly string[], boundBy: string | null): string[] {
  const component = boundBy
    ?.split('/')[0]
    ?.replaceAll('-', '')
    .replace(/^kube(?!let)/, '')
    .toLowerCase()
  const isOf = (change: string) => component !== undefined && change.toLowerCase().startsWith(component)
  const sorted = [...changes.filter(isOf), ...changes.filter((change) => !isOf(change))]
  const more = sorted.length - mostChanges
  return [...sorted.slice(0, mostChanges), ...(more > 0 ? [`and ${more} more changes`] : [])]
}

/** Where more of it is worse, less of it, or nobody knows. */
function effectOf(difference: Difference, { unit, name }: FigureRow, isSeries: boolean): Finding['effect'] {
  if (difference.kind === 'not-comparable') return 'not-comparable'
  const direction = (['more', 'less'] as const).find((one) => isDifference(difference, one))
  if (direction === undefined) return 'none-shown'
  if (unit === 'per second') {
    if (isSeries && !name.startsWith('pods_bound')) return 'changed'
    return direction === 'less' ? 'worse' : 'better'
  }
  if (unit === 'count' || unit === 'ratio') return 'changed'
  return direction === 'more' ? 'worse' : 'better'
}

function armsText({ before, after }: ArmPair): string {
  return before === after ? before : `${before} → ${after}`
}
