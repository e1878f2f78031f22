import { formatCount } from '../base/count.ts'
import type { FillOutcome } from './result.ts'

/** What a fill lacks of what the plan asked for, a phrase each; nothing when it is whole. */
export function lacksOf({ objects, pods }: FillOutcome): string[] {
  const differing = Object.entries(objects).flatMap(([resource, { expected, observed, failed }]) => {
    if (observed === expected && failed === 0) return []
    const refused = failed === 0 ? '' : ` (${formatCount(failed)} could not be created)`
    return [`${formatCount(observed)} of ${formatCount(expected)} ${resource}${refused}`]
  })
  const unready = `${formatCount(pods.ready)} of ${formatCount(pods.expected)} pods Ready`
  return pods.ready < pods.expected ? [...differing, unready] : differing
}
