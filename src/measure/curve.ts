import type { Curve } from '../result/parts.ts'

const mostPoints = 240

/** At most a few hundred points, first and last kept: enough for a chart of any width. */
export function thinned(points: Curve): Curve {
  if (points.length <= mostPoints) return points
  const stride = (points.length - 1) / (mostPoints - 1)
  return Array.from({ length: mostPoints }, (_, index) => points[Math.round(index * stride)]).filter(
    (point) => point !== undefined,
  )
}

/** A curve that grows, and never takes more than a fixed amount of memory. */
export interface GrowingCurve {
  push(point: Curve[number]): void
  /** At most a few hundred points. */
  points(): Curve
}

/** So many points are kept: of what comes every second, those of two hours; from then on every second or fourth. */
const mostKept = 8192

/** An empty curve. */
export function growingCurve(): GrowingCurve {
  let kept: Curve = []
  let stride = 1
  let count = 0
  let last: Curve[number] | undefined
  return {
    push(point) {
      last = point
      if (count++ % stride === 0) kept.push(point)
      if (kept.length <= mostKept) return
      kept = kept.filter((_, index) => index % 2 === 0)
      stride *= 2
    },
    points: () => thinned(last === undefined || kept.at(-1) === last ? kept : [...kept, last]),
  }
}
