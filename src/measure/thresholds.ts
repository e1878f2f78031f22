import { formatDuration } from '../base/duration.ts'
import { boundValue } from '../plan/check.ts'
import type { Threshold } from '../plan/plan.ts'
import type { ArmOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import { medianOf } from './distribution.ts'

/**
 * Judges one threshold over the arms. The figure is the median over a profile's repetitions, for a ratio the ratio of
 * the medians. A repetition without the figure makes it inconclusive: no data never passes. So does a stop that was seen
 * late, when the threshold is met at one end of what it may have been and missed at the other; and what a saturated
 * machine timed is only known to have been no later on a bigger one.
 */
export function judge(threshold: Threshold, arms: readonly ArmOutcome[]): ThresholdOutcome {
  const { probe, stop, of } = threshold
  const unit = typeof of === 'string' ? 'ms' : 'ratio'
  const [min, max] = [threshold.min, threshold.max].map((bound) =>
    bound === undefined ? undefined : boundValue(bound, unit === 'ratio'),
  )
  const samples = [of].flat().map((profile) => samplesOf(profile, probe, stop, arms))
  const [first, second] = samples
  const figure = (dividend: Sample[] = [], divisor: Sample[] = [], [high, low]: [keyof Sample, keyof Sample]) => {
    const top = medianOf(dividend.map((sample) => sample[high]))
    return unit === 'ms' ? top : quotient(top, medianOf(divisor.map((sample) => sample[low])))
  }
  const actual = figure(first?.values, second?.values, ['latest', 'latest'])
  const earliest = figure(first?.values, second?.values, ['earliest', 'latest'])
  const latest = figure(first?.values, second?.values, ['latest', 'earliest'])
  const missing = samples.map((sample) => sample.missing).find((one) => one !== undefined)

  const outcome = (verdict: Verdict, reason?: string): ThresholdOutcome => ({
    name: nameOf(threshold, min, max, unit),
    verdict,
    actual,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    unit,
    ...(reason === undefined ? {} : { reason }),
  })
  if (missing !== undefined) return outcome('inconclusive', missing)
  const tooVague = 'the machine was the limit, or the stop was seen too late, to tell'
  if (earliest === null || latest === null) return outcome('inconclusive', tooVague)
  const [least, most] = [min ?? 0, max ?? Number.POSITIVE_INFINITY]
  if (earliest >= least && latest <= most) return outcome('pass')
  return latest < least || earliest > most ? outcome('fail') : outcome('inconclusive', tooVague)
}

/** When a stop came, at the earliest and at the latest; the same where it was seen at once. */
interface Sample {
  earliest: number
  latest: number
}

function quotient(dividend: number | null | undefined, divisor: number | null | undefined): number | null {
  return typeof dividend === 'number' && divisor ? dividend / divisor : null
}

function samplesOf(
  profile: string,
  probe: string,
  stop: Threshold['stop'],
  arms: readonly ArmOutcome[],
): { values: Sample[]; missing?: string } {
  const repetitions = arms.filter((arm) => arm.profile === profile)
  const values: Sample[] = []
  let missing = repetitions.length === 0 ? `${profile} did not run` : undefined
  for (const arm of repetitions) {
    const outcome = arm.probes.find((one) => one.name === probe)
    const latest = outcome?.stopsMs[stop]
    if (outcome !== undefined && typeof latest === 'number') {
      values.push({ earliest: isMachineBound(outcome) ? 0 : latest - (outcome.stopsVagueByMs[stop] ?? 0), latest })
    } else missing = `${profile} #${arm.repetition} did not reach ${stop} of ${probe}`
  }
  return missing === undefined ? { values } : { values, missing }
}

function nameOf(
  { probe, stop, of }: Threshold,
  min: number | undefined,
  max: number | undefined,
  unit: 'ms' | 'ratio',
): string {
  const shown = (value: number) => (unit === 'ms' ? formatDuration(value) : `${value}`)
  const subject = typeof of === 'string' ? `${of} ${probe} ${stop}` : `${probe} ${stop}, ${of[0]} / ${of[1]}`
  if (min !== undefined && max !== undefined) return `${subject} between ${shown(min)} and ${shown(max)}`
  return min === undefined ? `${subject} at most ${shown(max ?? 0)}` : `${subject} at least ${shown(min)}`
}
