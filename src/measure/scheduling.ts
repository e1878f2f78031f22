import type { PodTimeline } from '../result/sample-line.ts'

const windowMs = 10_000

/**
 * Pods bound to nodes per second: from the first to the last, and in the best window of ten seconds (the whole time when
 * it was shorter). Null where fewer than two pods were bound.
 */
export function schedulingRate(pods: readonly PodTimeline[]): { mean: number | null; peak: number | null } {
  const moments = pods.flatMap(({ boundMs }) => boundMs ?? []).sort((left, right) => left - right)
  const [firstMs, lastMs] = [moments[0], moments.at(-1)]
  if (firstMs === undefined || lastMs === undefined || lastMs <= firstMs) return { mean: null, peak: null }
  const spanMs = lastMs - firstMs
  let most = 0
  let first = 0
  for (const [last, atMs] of moments.entries()) {
    while (atMs - (moments[first] ?? atMs) > windowMs) first++
    most = Math.max(most, last - first + 1)
  }
  // Between n moments lie n - 1 intervals.
  const mean = (1000 * (moments.length - 1)) / spanMs
  return { mean, peak: spanMs < windowMs ? mean : (1000 * most) / windowMs }
}
