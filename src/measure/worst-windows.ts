import type { WorstWindow } from '../result/series.ts'
import { componentSeries, onPage, readComponentSeries } from './component-series.ts'
import { seriesKeyOf } from './metrics.ts'
import type { Pages, WorstOfWindows } from './window.ts'

const rows = componentSeries.filter(({ hasWindows }) => hasWindows === true)

/** What is read of the pages at the edges of windows, and of which components: little, because a scrape costs processor time. */
export const readByWindows = {
  components: [...new Set(rows.map(({ component }) => component))],
  names: new Set(rows.map(onPage)),
}

/** Keeps of each series what its worst window had, however many there are. */
export interface WorstWindows extends WorstOfWindows {
  /** A window has ended. */
  note(window: Pages & { startMs: number; endMs: number }): void
}

/** No windows yet; each is `lengthMs` long, but for the last one. */
export function createWorstWindows(lengthMs: number): WorstWindows {
  const worst = new Map<string, WorstWindow>()
  let windows = 0
  return {
    note(window) {
      windows++
      for (const figure of readComponentSeries(window, rows)) {
        if (!('distribution' in figure)) continue
        const { p50, p90, p99, beyondMs } = figure.distribution
        const key = keyOf(figure.name, figure.labels)
        const before = worst.get(key)
        const highest = (one: number | null, other: number | null | undefined) =>
          // Nothing is known of a percentile but that it was higher than all others can be.
          one === null || other === null ? null : Math.max(one, other ?? 0)
        const beyond = beyondMs ?? before?.beyondMs
        worst.set(key, {
          p50: highest(p50, before?.p50),
          p90: highest(p90, before?.p90),
          p99: highest(p99, before?.p99),
          ...(beyond !== undefined && { beyondMs: beyond }),
          lengthMs,
          windows,
        })
      }
    },
    worstOf(name, labels) {
      const found = worst.get(keyOf(name, labels))
      return found === undefined ? undefined : { ...found, windows }
    },
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}\n${seriesKeyOf(labels)}`
}
