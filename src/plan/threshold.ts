import { z } from 'zod'
import { didYouMean, formatChoice, formatList, formatNames } from '../base/names.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import { names } from './names.ts'
import { percentage, timeLimitMs } from './scalars.ts'
import type { SectionKind } from './section.ts'
import type { SeriesEntry } from './series.ts'
import { boundForms, parseBound, percentiles } from './series.ts'
import { stopOrder } from './stops.ts'

/** Beginning of the name of a saved result that a threshold compares with: `baseline:v1.36`. */
export const baselinePrefix = 'baseline:'

const bound = z.union([z.number(), z.string()], {
  error: 'expected a duration such as 30s, a size such as 2GiB, a rate such as 50/s, or a number',
})
const labelValue = z.string()

/** One entry of a plan's `thresholds`: about a stop of a probe, or about a series. */
export const thresholdSection = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][\w.:/-]{0,99}$/, 'expected letters, digits, dots, dashes and slashes')
    .optional()
    .describe('Its name in trends and test reports; made from its other fields when absent.'),
  probe: names.reference.optional().describe('The probe whose stop is bounded; used together with `stop`.'),
  stop: z.enum(stopOrder).optional().describe('The moment that is bounded, counted from the scale request.'),
  series: names.reference
    .optional()
    .describe('The series that is bounded, in place of a stop: `scale-test series PLAN` lists them.'),
  step: names.reference
    .optional()
    .describe('The step it covers; when absent, the whole arm, or every step that has its own series.'),
  where: z
    .record(z.string(), z.union([labelValue, z.array(labelValue).min(1)]))
    .optional()
    .describe(
      'Labels to select by, each with one or more values: { verb: [POST, PUT] }. An empty value selects series without the label.',
    ),
  each: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Labels to judge separately by: [verb, resource]. Without it, all selected series must pass.'),
  percentile: z.enum(percentiles).optional().describe('The percentile of a distribution; p99 when absent.'),
  window: timeLimitMs
    .optional()
    .describe('Judges the worst full window of this length (only 5m), or the whole time if that is shorter.'),
  of: z
    .union([names.reference, z.tuple([names.reference, names.reference])], {
      error: 'expected an arm, or two arms [a, b] for their ratio',
    })
    .optional()
    .describe('One arm, or the ratio of the first to the second; every arm separately when absent.'),
  min: bound.optional().describe('The minimum, in the form of its unit: 5s, 2GiB, 50/s, 80%, 3.'),
  max: bound.optional().describe('The maximum, in the form of its unit.'),
  against: names.reference
    .optional()
    .describe(`An arm, or a saved result (${baselinePrefix}NAME), that it must not be worse than; with \`notWorse\`.`),
  notWorse: percentage.optional().describe('How much worse it may be at most, such as 5%; replaces min and max.'),
})

/** One threshold as it is written. */
export type WrittenThreshold = z.infer<typeof thresholdSection>

/** A step of a plan. */
interface FoundStep {
  kind: SectionKind
  section: unknown
}

/** What thresholds may speak of. */
export interface ThresholdContext {
  arms: readonly string[] | undefined
  /** Undefined where they have mistakes of their own. */
  steps: readonly FoundStep[] | undefined
  /** Series that there are of any stretch of time. */
  series: readonly SeriesEntry[]
}

/** The window in which service levels are measured (kubernetes/community, sig-scalability/slos). */
export const windowMs = 300_000

/** The number behind a bound of a stop, milliseconds unless it bounds a ratio; undefined when it has the wrong form. */
export function boundValue(value: number | string, isRatio: boolean): number | undefined {
  if (isRatio) return ratioIn(value)
  return typeof value === 'string' ? parseBound(value, 'ms') : undefined
}

/** `0.6` or `60%`. */
function ratioIn(value: number | string): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value : undefined
  const [, percent] = /^(\d{1,6}(?:\.\d+)?) ?%$/.exec(value) ?? []
  return percent === undefined ? undefined : Number(percent) / 100
}

/** Series that are figures of steps of their own. */
function ownSeriesOf(steps: readonly FoundStep[]): SeriesEntry[] {
  const all = steps.flatMap(({ kind, section }) => kind.seriesOf(section))
  return [...new Map(all.map((entry) => [entry.name, entry])).values()]
}

/** What identifies a threshold whatever its limits are, in words. */
export function subjectOf(threshold: WrittenThreshold): string {
  const { probe, stop, series, step, where = {}, each = [], percentile, window, of, against } = threshold
  const arms = of === undefined ? 'every arm' : [of].flat().join(' / ')
  if (series === undefined) return `${stop} of ${probe}, ${arms}${against === undefined ? '' : ` against ${against}`}`
  const labels = Object.entries(where).map(([name, value]) => `${name} ${[value].flat().join(' or ')}`)
  const parts = [
    percentile ?? [],
    labels.sort(),
    each.map((name) => `each ${name}`),
    window === undefined ? [] : `${window}`,
  ]
  return [`${series} of ${step ?? 'the arm'}`, ...parts.flat(2), arms, against ?? []].flat().join(', ')
}

/** What is wrong with one threshold. */
export function checkThreshold(
  threshold: WrittenThreshold,
  path: SchemaProblem['path'],
  context: ThresholdContext,
): SchemaProblem[] {
  const { probe, stop, series } = threshold
  if (series === undefined && (probe === undefined || stop === undefined))
    return [{ path, message: 'needs a series, or a probe and its stop' }]
  const other =
    series === undefined
      ? seriesOnly(threshold)
      : (['probe', 'stop'] as const).find((key) => threshold[key] !== undefined)
  if (other !== undefined)
    return [
      { path: [...path, other], message: `cannot be combined with ${series === undefined ? 'a stop' : 'a series'}` },
    ]
  return [
    ...(series === undefined ? boundsOf(threshold, path, 'ms') : checkSeries({ ...threshold, series }, path, context)),
    ...checkArms(threshold, path, context),
  ]
}

function seriesOnly(threshold: WrittenThreshold) {
  return (['step', 'where', 'each', 'percentile', 'window'] as const).find((key) => threshold[key] !== undefined)
}

function checkArms(
  { of, against }: WrittenThreshold,
  path: SchemaProblem['path'],
  { arms }: ThresholdContext,
): SchemaProblem[] {
  if (arms === undefined) return []
  const other = against === undefined || against.startsWith(baselinePrefix) ? [] : [['against', against] as const]
  const named = [...[of ?? []].flat().map((name) => ['of', name] as const), ...other]
  return named
    .filter(([, name]) => !arms.includes(name))
    .map(([field, name]) => ({ path: [...path, field], message: unknownName('arm', name, arms) }))
}

function unknownName(what: string, name: string, known: readonly string[]): string {
  return `the plan has no ${what} ${shown(name)}; it has ${formatNames([...new Set(known)])}${didYouMean(name, known)}`
}

function checkSeries(
  threshold: WrittenThreshold & { series: string },
  path: SchemaProblem['path'],
  { steps, series: ofAnyTime }: ThresholdContext,
): SchemaProblem[] {
  const { series, step, where = {}, each = [], percentile, window } = threshold
  if (steps === undefined) return []
  const found = step === undefined ? steps : steps.filter(({ kind, section }) => kind.nameOf(section) === step)
  if (found.length === 0)
    return [
      {
        path: [...path, 'step'],
        message: unknownName(
          'step',
          step ?? '',
          steps.map(({ kind, section }) => kind.nameOf(section)),
        ),
      },
    ]
  const known = [...ofAnyTime, ...new Set(steps.flatMap(({ kind }) => kind.series))]
  const entry = known.find(({ name }) => name === series)
  if (entry === undefined) {
    const all = known.map(({ name }) => name)
    const message = `there is no series ${shown(series)}${didYouMean(series, all) || withIn(series, all)}; \`scale-test series\` lists them`
    return [{ path: [...path, 'series'], message }]
  }
  const isOwn = ofAnyTime.every(({ name }) => name !== series)
  if (step !== undefined && isOwn && ownSeriesOf(found).every(({ name }) => name !== series)) {
    const others = steps.flatMap((one) =>
      ownSeriesOf([one]).some(({ name }) => name === series) ? one.kind.nameOf(one.section) : [],
    )
    const which =
      others.length === 0
        ? 'no step of this plan has it'
        : `${formatList(others)} of this plan ${others.length === 1 ? 'has' : 'have'} it`
    return [{ path: [...path, 'step'], message: `${shown(step)} has no series ${series}; ${which}` }]
  }
  const { labels, unit, form } = entry
  const labelMistakes = [
    ...Object.keys(where).map((name) => [['where', name], name] as const),
    ...each.map((name, index) => [['each', index], name] as const),
  ].flatMap(([at, name]) =>
    labels.includes(name)
      ? []
      : [
          {
            path: [...path, ...at],
            message: `${series} has no label ${shown(name)}; it has ${labels.length === 0 ? 'none' : formatNames(labels)}${didYouMean(name, labels)}`,
          },
        ],
  )
  return [
    ...labelMistakes,
    ...(percentile !== undefined && form === 'value'
      ? [{ path: [...path, 'percentile'], message: `${series} is one figure, not a distribution` }]
      : []),
    ...(percentile === 'max' && form === 'histogram'
      ? [
          {
            path: [...path, 'percentile'],
            message: `${series} comes from a histogram, which has no maximum; use p99`,
          },
        ]
      : []),
    ...windowMistakes(window, { form, isOwn, series }, path),
    ...boundsOf(threshold, path, unit),
  ]
}

/** Names that someone may have meant who left out their ends. */
function withIn(part: string, names: readonly string[]): string {
  const whole = part === '' ? [] : names.filter((name) => name.includes(part)).slice(0, 3)
  return whole.length === 0 ? '' : `; did you mean ${formatChoice(whole)}?`
}

function windowMistakes(
  window: number | undefined,
  { form, isOwn, series }: { form: SeriesEntry['form']; isOwn: boolean; series: string },
  path: SchemaProblem['path'],
): SchemaProblem[] {
  const at = [...path, 'window']
  if (window === undefined) return []
  if (window !== windowMs) return [{ path: at, message: 'must be 5m, as in the definitions of service levels' }]
  const isRead = form === 'histogram' || (isOwn && form === 'distribution')
  return isRead ? [] : [{ path: at, message: `${series} is not recorded in windows` }]
}

function boundsOf(
  threshold: WrittenThreshold,
  path: SchemaProblem['path'],
  unit: SeriesEntry['unit'],
): SchemaProblem[] {
  const { of, min, max, against, notWorse } = threshold
  if ((against === undefined) !== (notWorse === undefined))
    return [
      {
        path,
        message:
          against === undefined ? 'notWorse needs against: an arm or a baseline' : 'against needs notWorse, such as 5%',
      },
    ]
  if (against !== undefined) {
    if (min !== undefined || max !== undefined)
      return [{ path, message: 'has min or max as well as notWorse; use one or the other' }]
    if (Array.isArray(of))
      return [{ path: [...path, 'of'], message: 'only one arm can be compared with another; name one' }]
    return of === against ? [{ path: [...path, 'against'], message: 'an arm is never worse than itself' }] : []
  }
  if (min === undefined && max === undefined) return [{ path, message: 'needs min, max, or both' }]
  const isRatio = Array.isArray(of)
  if (isRatio && of[0] === of[1]) return [{ path: [...path, 'of'], message: 'the ratio of an arm to itself is 1' }]
  const parsed = (value: number | string) => (isRatio ? boundValue(value, true) : parseBound(value, unit))
  const wrong = (['min', 'max'] as const).flatMap((end) => {
    const value = threshold[end]
    if (value === undefined || parsed(value) !== undefined) return []
    const message = isRatio
      ? `expected a ratio, such as 0.6 or 60%, found ${shown(value)}`
      : `expected ${boundForms[unit]}, found ${shown(value)}`
    return [{ path: [...path, end], message }]
  })
  const [least, most] = [min, max].map((value) => (value === undefined ? undefined : parsed(value)))
  if (least === undefined || most === undefined || least <= most) return wrong
  return [{ path: [...path, 'min'], message: `is above max, ${shown(max)}: nothing can meet both` }]
}
