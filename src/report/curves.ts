import type { Curve } from '../result/parts.ts'

/** What a curve says between its points, a straight line from one to the next; 0 before the first and after the last. */
export function valueAt(curve: Curve, ms: number): number {
  const next = curve.findIndex(([atMs]) => atMs >= ms)
  const [toMs, to] = curve[next] ?? [ms, 0]
  if (toMs === ms) return to
  const [fromMs, from] = curve[next - 1] ?? [ms, 0]
  return fromMs === ms ? 0 : from + ((to - from) * (ms - fromMs)) / (toMs - fromMs)
}

/** Each curve on top of those before it: the last one is the sum of all. At the moments of the one with most points. */
export function stackedCurves(curves: readonly Curve[]): Curve[] {
  const longest = curves.toSorted((a, b) => b.length - a.length)[0] ?? []
  const heights = longest.map(() => 0)
  return curves.map((curve) =>
    longest.map(([ms], index): [number, number] => {
      const height = (heights[index] ?? 0) + valueAt(curve, ms)
      heights[index] = height
      return [ms, height]
    }),
  )
}

/** The sum of all curves. */
export function summedCurve(curves: readonly Curve[]): Curve {
  return stackedCurves(curves).at(-1) ?? []
}

/** The curve without points that stand for less time than so much: means over a moment are noise. */
export function withoutMoments(curve: Curve, shortestMs: number): Curve {
  return curve.filter(([ms], index) => ms - (curve[index - 1]?.[0] ?? 0) >= shortestMs)
}
