import { exitCodes } from '../base/errors.ts'
import { measuredSeries } from '../measure/catalogue.ts'
import type { Plan } from '../plan/plan.ts'
import { kindOf } from '../plan/section.ts'
import type { SeriesEntry } from '../plan/series.ts'
import { stepKinds } from '../steps/registry.ts'
import { seriesCatalogue } from '../steps/series-catalogue.ts'
import { loadPlanFor } from './plans.ts'
import type { Surroundings } from './surroundings.ts'
import { targetNamed } from './target-names.ts'
import type { Styles } from './terminal.ts'
import { wrap } from './wrap.ts'

/** Options of `scale-test series`. */
export interface SeriesOptions {
  target?: string
  json?: boolean
}

/** Lists what thresholds can judge: every series, or what a plan has of them, step by step. */
export function seriesCommand(
  planName: string | undefined,
  options: SeriesOptions,
  { terminal, styles, folders }: Surroundings,
): number {
  const plan = planName === undefined ? undefined : loadPlanFor(planName, folders, options)
  const target = plan === undefined ? options.target : targetNamed(options.target, plan)
  const sections = plan === undefined ? [{ title: undefined, series: seriesCatalogue }] : sectionsOf(plan)
  terminal.print(
    options.json === true
      ? JSON.stringify(sections, null, 2)
      : [...sections.flatMap((section) => linesOf(section, target, styles)), ...example(plan, styles)].join('\n'),
  )
  return exitCodes.pass
}

/** Series under a heading. */
interface Section {
  /** Undefined where there is one section only. */
  title: string | undefined
  series: readonly SeriesEntry[]
}

function sectionsOf(plan: Plan): Section[] {
  const own = plan.steps.map((step) => {
    const series = kindOf(step, stepKinds).section.seriesOf(step.section)
    return { title: `step ${step.name}`, series }
  })
  return [
    { title: 'the whole arm, and every step', series: measuredSeries },
    ...own.filter(({ series }) => series.length > 0),
  ]
}

function linesOf({ title, series }: Section, target: string | undefined, styles: Styles): string[] {
  const heading = title === undefined ? [] : [styles.bold(title)]
  return [...heading, ...series.flatMap((entry) => entryLines(entry, target, styles)), '']
}

const takenOf: Record<SeriesEntry['form'], string> = {
  value: '',
  distribution: 'p50 p90 p99 max of ',
  histogram: 'p50 p90 p99 of ',
}

function entryLines(
  { name, labels, unit, form, what, notSimulated }: SeriesEntry,
  target: string | undefined,
  styles: Styles,
): string[] {
  const taken = `${takenOf[form]}${unit}`
  const lacks = target === 'sim' && notSimulated !== undefined ? [`none on target sim: ${notSimulated}`] : []
  return [
    ...wrap([`${name}: ${taken}`, labels.length === 0 ? [] : `by ${labels.join(', ')}`].flat().join(', '), '  '),
    ...wrap(what, '      ').map(styles.dim),
    ...lacks.flatMap((text) => wrap(text, '      ')).map(styles.yellow),
  ]
}

function example(plan: Plan | undefined, styles: Styles): string[] {
  const step = plan?.steps.find(({ kind }) => kind === 'fill')?.name
  const lines =
    step === undefined
      ? ['{ series: apiserver_sli_latency_ms, each: [verb, resource],', '  percentile: p99, max: 1s }']
      : [`{ series: pod_startup_ms, step: ${step},`, '  where: { phase: created to Ready }, percentile: p99, max: 5s }']
  return [
    styles.dim('a threshold in a plan names a series like this (docs/plans.md):'),
    ...lines.map((line, index) => `  ${index === 0 ? '-' : ' '} ${line}`),
  ]
}
