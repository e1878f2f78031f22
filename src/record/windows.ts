import type { Clock } from '../base/clock.ts'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'
import type { WorstOfWindows } from '../measure/window.ts'
import { createWorstWindows, readByWindows } from '../measure/worst-windows.ts'

interface Scraped {
  readonly clock: Clock
  scrape(wanted: Wanted): Promise<ComponentMetrics[]>
}

/** Windows that a phase is divided into while it lasts. */
export interface Windows {
  /** Ends reading; the rest since the last whole window counts as one, with the pages at the end. Undefined where no window was whole. */
  end(after: readonly ComponentMetrics[], endMs: number): WorstOfWindows | undefined
  stop(): Promise<void>
}

/**
 * Reads pages whenever a window of `lengthMs` has passed. A page that cannot be read makes the window longer: nothing is left out. Nothing
 * is read in a phase that is shorter.
 */
export function sampleWindows(
  { clock, scrape }: Scraped,
  { before, startMs, lengthMs }: { before: readonly ComponentMetrics[]; startMs: number; lengthMs: number },
): Windows {
  const worst = createWorstWindows(lengthMs)
  const ending = new AbortController()
  let from = { pages: before, ms: startMs }
  let count = 0
  const note = (pages: readonly ComponentMetrics[], endMs: number) => {
    worst.note({ before: from.pages, after: pages, startMs: from.ms, endMs })
    from = { pages, ms: endMs }
    count++
  }
  const run = async () => {
    for (let next = startMs + lengthMs; ; next += lengthMs) {
      await clock.sleep(next - clock.nowMs(), ending.signal)
      const pages = await scrape(readByWindows)
      if (ending.signal.aborted) return
      if (pages.every(({ unread }) => unread === undefined)) note(pages, clock.nowMs())
    }
  }
  const running = run().catch(() => {})
  return {
    end(after, endMs) {
      ending.abort()
      if (count === 0) return undefined
      note(after, endMs)
      return worst
    },
    async stop() {
      ending.abort()
      await running
    },
  }
}
