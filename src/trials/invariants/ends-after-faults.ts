import type { Evidence, Finding } from './evidence.ts'

/** A run reaches its end, whatever that is, soon after the last fault is over: it has not lost its way meanwhile. */
export function endsAfterFaults({ recovery: { wentOnMs } }: Pick<Evidence, 'recovery'>): Finding {
  if (wentOnMs === null) return { checked: 0, violations: [] }
  const isLate = wentOnMs > longestMs
  return {
    checked: 1,
    violations: isLate ? [`the run went on for ${Math.round(wentOnMs / 1000)} s after its last fault was over`] : [],
  }
}

/**
 * An answer that was lost is waited for 70 s (src/kube/transport.ts), the wait before the next try comes to half a minute at most, and all that a
 * calm run does takes a minute.
 */
const longestMs = 160_000
