import { formatDuration } from '../base/duration.ts'
import { boundValue } from '../plan/check.ts'
import type { Threshold } from '../plan/plan.ts'
import { kindOf } from '../plan/section.ts'
import type { ArmOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { outcomesOf } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { hindranceOf, isUpperBound, ratioOf, sampleOf } from '../result/sample.ts'
import { stepKinds } from '../steps/registry.ts'

/** A threshold as it is judged: what it bounds, and the bounds in milliseconds, or as a plain number for a ratio. */
export type Bounds = NonNullable<ThresholdOutcome['bounds']> & Pick<ThresholdOutcome, 'min' | 'max'>

/** A plan's threshold as it is judged. */
export function boundsOf({ probe, stop, of, min, max }: Threshold): Bounds {
  const [least, most] = [min, max].map((bound) =>
    bound === undefined ? undefined : boundValue(bound, typeof of !== 'string'),
  )
  return { probe, stop, of, ...(least !== undefined && { min: least }), ...(most !== undefined && { max: most }) }
}

/**
 * Judges one threshold over the arms. The figure is the median over an arm's repetitions, or the ratio of two arms' medians, by the
 * same rule as in every table: what has no ratio there is inconclusive here. A time that is only known to be no longer, because the
 * stop was seen late or the machine was the limit, can meet a maximum. A repetition without the figure makes it inconclusive: no data
 * never passes.
 */
export function judge(bounds: Bounds, arms: readonly ArmOutcome[]): ThresholdOutcome {
  const { probe, stop, of, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds
  const names = [of].flat()
  const samples = names.map((name) => sampleOfStop(name, bounds, arms))
  const [first = null, second = null] = samples
  const isRatio = typeof of !== 'string'
  const actual = isRatio ? ratioOf(first, second) : hasTime(first) ? first.median : null
  const outcome = (verdict: Verdict, reason?: string): ThresholdOutcome => ({
    name: nameOf(bounds),
    bounds: { probe, stop, of },
    verdict,
    actual,
    ...(bounds.min === undefined ? {} : { min }),
    ...(bounds.max === undefined ? {} : { max }),
    unit: isRatio ? 'ratio' : 'ms',
    ...(!isRatio && actual !== null && first !== null && isUpperBound(first) ? { isUpperBound: true as const } : {}),
    ...(reason === undefined ? {} : { reason }),
  })
  const missing = names.flatMap((name) => missingIn(name, bounds, arms))[0]
  if (missing !== undefined) return outcome('inconclusive', missing)
  if (actual === null) {
    const hindered = names.flatMap((name, index) => {
      const hindrance = hindranceOf(samples[index] ?? null)
      return hindrance === null ? [] : [`${name} ${hindrance}`]
    })
    return outcome('inconclusive', hindered.join('; '))
  }
  // A ratio exists of what is known exactly only.
  const least = isRatio ? actual : (first?.least ?? actual)
  if (least >= min && actual <= max) return outcome('pass')
  return actual < min || least > max
    ? outcome('fail')
    : outcome(
        'inconclusive',
        `${names[0]} ${hindranceOf(first)}: ${stop} may have taken as little as ${formatDuration(least)}`,
      )
}

/** Whether a figure is a time, exact or an upper bound. */
function hasTime(sample: Sample | null): sample is Sample {
  return sample !== null && (sample.hindrance === null || isUpperBound(sample))
}

function sampleOfStop(name: string, { probe, stop }: Bounds, arms: readonly ArmOutcome[]): Sample | null {
  const repetitions = arms.filter((arm) => arm.name === name)
  return sampleOf(repetitions.flatMap((arm) => readingOf(arm, probe, stop) ?? []))
}

/** A step's time, by its kind's own reading of it. */
function readingOf(arm: ArmOutcome, stepName: string, stop: string): Reading | undefined {
  const step = arm.steps.find(({ name }) => name === stepName)
  if (step === undefined) return undefined
  const kind = kindOf(step, stepKinds)
  const own = outcomesOf(arm, kind)
  return kind.outcome.readingOf(
    own,
    own.findIndex(({ name }) => name === stepName),
    stop,
  )
}

/** What there is no figure of, in words. */
function missingIn(name: string, { probe, stop }: Bounds, arms: readonly ArmOutcome[]): string[] {
  const repetitions = arms.filter((arm) => arm.name === name)
  if (repetitions.length === 0) return [`${name} did not run`]
  return repetitions.flatMap((arm) => {
    const reading = readingOf(arm, probe, stop)
    const label = `${name} #${arm.repetition}`
    if (reading === undefined)
      return [
        arm.steps.some((step) => step.name === probe)
          ? `${label} ${probe} has no ${stop}`
          : `${label} did not run ${probe}`,
      ]
    return reading.value === null ? [`${label} did not reach ${stop} of ${probe}`] : []
  })
}

function nameOf({ probe, stop, of, min, max }: Bounds): string {
  const shown = (value: number) => (typeof of === 'string' ? formatDuration(value) : `${value}`)
  const subject = typeof of === 'string' ? `${of} ${probe} ${stop}` : `${probe} ${stop}, ${of[0]} / ${of[1]}`
  if (min !== undefined && max !== undefined) return `${subject} between ${shown(min)} and ${shown(max)}`
  const end = [min === undefined ? [] : `at least ${shown(min)}`, max === undefined ? [] : `at most ${shown(max)}`]
  return [subject, ...end.flat()].join(' ')
}
