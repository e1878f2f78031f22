import type { Distribution } from '../result/distribution.ts'
import type { OwnFigure } from '../result/outcome-kind.ts'
import { isMachineBound } from '../result/parts.ts'
import type { Reading } from '../result/sample.ts'
import { clockResolutionMs, exactly, upperBound } from '../result/sample.ts'

/** What is known of how pods were seen. */
interface Seen {
  machineBusy: number | null
  pods: { censored: number; censoredWithinMs: number }
}

/** How long pods took between two moments, as figures; each may have been shorter by as much as a watch was late. */
export function podFigures(name: string, phasesMs: Readonly<Record<string, Distribution>>, seen: Seen): OwnFigure[] {
  const { censored, censoredWithinMs } = seen.pods
  const readingOf = (value: number | null): Reading => {
    if (value === null) return exactly(null)
    if (isMachineBound(seen)) return upperBound(value)
    const isLate = censored > 0 && censoredWithinMs > clockResolutionMs
    return isLate ? { value, least: Math.max(0, value - censoredWithinMs), hindrance: 'seen-late' } : exactly(value)
  }
  return Object.entries(phasesMs).map(([phase, figure]) => ({ name, labels: { phase }, figure, readingOf }))
}
