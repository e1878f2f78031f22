import { plural } from '../base/count.ts'
import type { Result, ThresholdOutcome } from '../result/result.ts'
import { corrected } from './not-worse.ts'
import { judge, keptOf } from './thresholds.ts'
import { concluded } from './verdict.ts'

/**
 * A result with the verdict that follows from its own arms, by the rules a run is judged by. What a file says of itself is not taken on
 * its word: where it contradicts its arms the verdict is inconclusive, and the reasons name the contradiction first.
 */
export function judgedAgain(result: Result): Result {
  const { arms, partial } = result
  // No target sim measures anything: its figures stay simulated, whatever the file calls them.
  const evidence = result.target === 'sim' ? 'simulated' : result.evidence
  const thresholds = corrected(result.thresholds.map((recorded) => thresholdAgain(recorded, result)))
  // An arm that is not complete says why itself.
  const isUnexplained = partial && arms.every(({ outcome }) => outcome === 'complete')
  const early = `the run stopped early: ${plural(arms.length, 'arm')} finished`
  const ending = result.ending ?? (isUnexplained ? early : undefined)
  const judged = concluded(thresholds, { arms, ending })
  const contradictions = [
    ...(judged.verdict === result.verdict
      ? []
      : [`result.json records ${result.verdict}, but its arms give ${judged.verdict}`]),
    ...result.thresholds.flatMap(({ name, verdict }, index) => {
      const now = thresholds[index]?.verdict ?? verdict
      return now === verdict ? [] : [`result.json records ${verdict} for "${name}", but its arms give ${now}`]
    }),
    ...(result.target === 'sim' && result.evidence === 'measured'
      ? ['result.json records figures of target sim as measured']
      : []),
  ]
  if (contradictions.length === 0) return { ...result, ...judged, thresholds }
  return { ...result, evidence, verdict: 'inconclusive', reasons: [...contradictions, ...judged.reasons], thresholds }
}

/** Results from before thresholds kept what they bound are held to the figure they recorded. */
function thresholdAgain(recorded: ThresholdOutcome, { arms }: Result): ThresholdOutcome {
  const { bounds, verdict, actual, ...ends } = recorded
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = ends
  if (bounds !== undefined) return judge({ ...bounds, ...keptOf(recorded) }, arms)
  if (verdict === 'inconclusive') return recorded
  if (actual === null) return { ...recorded, verdict: 'inconclusive', reason: 'there is no figure' }
  const isMet = actual >= min && actual <= max
  return { ...recorded, verdict: isMet ? 'pass' : 'fail' }
}
