import { formatDuration } from '../base/duration.ts'
import { kindOf } from '../plan/section.ts'
import type { Percentile } from '../plan/series.ts'
import type { Distribution } from '../result/distribution.ts'
import type { ArmOutcome, StepOutcome } from '../result/result.ts'
import { outcomesOf } from '../result/result.ts'
import type { Reading } from '../result/sample.ts'
import { exactly } from '../result/sample.ts'
import type { Series } from '../result/series.ts'
import { busySeries, readingOfSeries } from '../result/series.ts'
import { stepKinds } from '../steps/registry.ts'
import { seriesNamed } from '../steps/series-catalogue.ts'

/** Which figures of an arm are meant. */
export interface Selection {
  series: string
  /** The whole arm when absent. */
  step?: string | undefined
  /** Labels and the values that count; an empty one is no label. */
  where?: Readonly<Record<string, string | string[]>> | undefined
  percentile?: Percentile | undefined
  windowMs?: number | undefined
}

/** One repetition's figure. */
export interface FoundFigure {
  labels: Readonly<Record<string, string>>
  repetition: number
  reading: Reading
  /** Why it has no value. */
  why?: string
  /** Over what it was taken, where that is not plain. */
  note?: string
}

/** `verb POST, resource pods` */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

/** What an arm has of a series, and why it has nothing, or no more. */
export function figuresIn(arm: ArmOutcome, selection: Selection): { figures: FoundFigure[]; why: string } {
  const { series: name, step: stepName, where = {} } = selection
  const step = arm.steps.find((one) => one.name === stepName)
  if (stepName !== undefined && step === undefined) return { figures: [], why: `did not run ${stepName}` }
  const recorded = (step === undefined ? arm.series : step.series) ?? []
  const isMeant = (labels: Readonly<Record<string, string>>) =>
    Object.entries(where).every(([label, values]) => [values].flat().includes(labels[label] ?? ''))
  const named = recorded.filter((series) => series.name === name)
  // A series of which nothing was read has no labels to be told by.
  const unread = named.find((series) => 'value' in series && series.value === null)
  const isZero = (series: Series) => 'value' in series && series.value === 0 && Object.keys(series.labels).length === 0
  const figures = named.flatMap((series): FoundFigure[] => {
    if (!isMeant(series.labels) && !isZero(series)) return []
    const { labels } = series
    return [{ labels, repetition: arm.repetition, ...read(series, selection, step === undefined ? arm : step) }]
  })
  const own =
    step === undefined ? [] : ownFiguresOf(arm, step).filter((one) => one.name === name && isMeant(one.labels))
  const mine = own.map(({ labels, figure, readingOf }): FoundFigure => {
    const value = typeof figure === 'object' && figure !== null ? figure[selection.percentile ?? 'p99'] : figure
    const reading = readingOf(value)
    const why = typeof figure === 'object' && figure !== null ? whyNoPercentile(figure) : 'was not reached'
    return { labels, repetition: arm.repetition, reading, why, ...noteOf(selection, durationOf(step)) }
  })
  const why = unread?.gaps.join('; ') || whyNothing(arm, selection, recorded)
  return { figures: [...figures, ...mine], why }
}

function ownFiguresOf(arm: ArmOutcome, step: StepOutcome) {
  const kind = kindOf(step, stepKinds)
  const steps = outcomesOf(arm, kind)
  return kind.outcome.figuresOf(
    steps,
    steps.findIndex(({ name }) => name === step.name),
  )
}

function read(
  series: Series,
  { percentile = 'p99', windowMs }: Selection,
  over: ArmOutcome | StepOutcome,
): Pick<FoundFigure, 'reading' | 'why' | 'note'> {
  const busy = over.series?.find(({ name }) => name === busySeries)
  const known = (value: number) => readingOfSeries(value, series.unit, busy)
  if ('value' in series)
    return series.value === null
      ? { reading: exactly(null), why: series.gaps.join('; ') || 'was not read' }
      : { reading: known(series.value) }
  const { distribution, worstWindow } = series
  const taken = windowMs !== undefined && worstWindow !== undefined ? worstWindow : distribution
  const note =
    windowMs === undefined
      ? {}
      : worstWindow === undefined
        ? { note: `no whole window of ${formatDuration(windowMs)}: over ${formatDuration(durationOf(over))}` }
        : {
            note: `the worst of ${worstWindow.windows} windows of ${formatDuration(worstWindow.lengthMs)}, the last one shorter`,
          }
  const value = percentile === 'max' ? null : taken[percentile]
  if (value !== null) return { reading: known(value), ...note }
  const { beyondMs } = taken
  const reading: Reading = { ...exactly(null), least: beyondMs ?? Number.POSITIVE_INFINITY }
  return {
    reading: beyondMs === undefined ? exactly(null) : reading,
    why: whyNoPercentile({ ...distribution, beyondMs }),
    ...note,
  }
}

function noteOf({ windowMs }: Selection, durationMs: number): { note?: string } {
  return windowMs === undefined ? {} : { note: `over the whole step, ${formatDuration(durationMs)}` }
}

function durationOf(over: ArmOutcome | StepOutcome | undefined): number {
  if (over === undefined) return 0
  if ('startMs' in over || 'endMs' in over) return (over.endMs ?? 0) - (over.startMs ?? 0)
  return 'steps' in over ? Math.max(0, ...over.steps.map(({ endMs = 0 }) => endMs)) : 0
}

function whyNoPercentile({
  count,
  missing,
  beyondMs,
}: Pick<Distribution, 'count' | 'missing'> & { beyondMs?: number | undefined }): string {
  if (beyondMs !== undefined) return `longer than ${formatDuration(beyondMs)}, where the histogram ends`
  if (missing > 0) return `${missing} of ${count + missing} were never seen`
  return 'nothing was observed'
}

function whyNothing(arm: ArmOutcome, { series, where = {} }: Selection, recorded: readonly Series[]): string {
  const entry = seriesNamed(series)
  const isSimulated = [...(arm.series ?? []), ...arm.steps.flatMap((step) => step.series ?? [])].some(
    ({ evidence }) => evidence === 'simulated',
  )
  if (isSimulated && entry?.notSimulated !== undefined) return `no ${series}: ${entry.notSimulated}`
  const labels = labelsText(
    Object.fromEntries(Object.entries(where).map(([name, value]) => [name, [value].flat().join(' or ')])),
  )
  const which = labels === '' ? '' : ` of ${labels}`
  return recorded.some(({ name }) => name === series) ? `no ${series}${which}` : `no ${series}${which} was recorded`
}
