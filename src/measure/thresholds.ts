import { formatDuration, parseDurationMs } from '../base/duration.ts'
import type { Threshold } from '../plan/plan.ts'
import type { ArmOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { medianOf } from './distribution.ts'

/**
 * Judges one threshold over the arms. The figure is the median over a profile's repetitions, for a ratio the ratio of
 * the medians. A repetition without the figure makes it inconclusive: no data never passes.
 */
export function judge(threshold: Threshold, arms: readonly ArmOutcome[]): ThresholdOutcome {
  const { probe, stop, of } = threshold
  const unit = typeof of === 'string' ? 'ms' : 'ratio'
  const bound = (value: string | number | undefined) => (typeof value === 'string' ? parseDurationMs(value) : value)
  const [min, max] = [bound(threshold.min), bound(threshold.max)]
  const samples = [of].flat().map((profile) => samplesOf(profile, probe, stop, arms))
  const medians = samples.map(({ values }) => medianOf(values))
  const actual = unit === 'ms' ? (medians[0] ?? null) : quotient(medians[0], medians[1])
  const reason = samples.map((sample) => sample.missing).find((missing) => missing !== undefined)

  const outcome = (verdict: Verdict): ThresholdOutcome => ({
    name: nameOf(threshold, min, max, unit),
    verdict,
    actual,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    unit,
    ...(reason === undefined ? {} : { reason }),
  })
  if (actual === null || reason !== undefined) return outcome('inconclusive')
  const isMet = (min === undefined || actual >= min) && (max === undefined || actual <= max)
  return outcome(isMet ? 'pass' : 'fail')
}

function quotient(dividend: number | null | undefined, divisor: number | null | undefined): number | null {
  return typeof dividend === 'number' && divisor ? dividend / divisor : null
}

function samplesOf(
  profile: string,
  probe: string,
  stop: Threshold['stop'],
  arms: readonly ArmOutcome[],
): { values: number[]; missing?: string } {
  const repetitions = arms.filter((arm) => arm.profile === profile)
  const values: number[] = []
  let missing = repetitions.length === 0 ? `${profile} did not run` : undefined
  for (const arm of repetitions) {
    const stopMs = arm.probes.find((one) => one.name === probe)?.stopsMs[stop]
    if (typeof stopMs === 'number') values.push(stopMs)
    else missing = `${profile} #${arm.repetition} did not reach ${stop} of ${probe}`
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
