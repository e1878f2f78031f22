import { messageOf } from '../base/errors.ts'
import { countMore } from '../base/sum.ts'
import type { ComponentMetrics, ComponentName, Wanted } from '../measure/metrics.ts'
import { namesToRead } from '../measure/metrics.ts'
import { parsePrometheusText } from '../measure/prometheus.ts'

/** A process whose pages can be read. */
export interface ScrapedComponent {
  component: ComponentName
  /** Tells it from others of the same component. */
  name: string
  readPage(path: string): Promise<string>
}

/**
 * Reads `/metrics` of all components that are wanted, at once. A page that cannot be read says why instead: it is a gap in this reading,
 * and the next one tries again. Throws only what `signal` aborts with.
 */
export function scrapeEach(
  components: readonly ScrapedComponent[],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<ComponentMetrics[]> {
  const asked = components.filter(({ component }) => wanted.components?.includes(component) ?? true)
  return Promise.all(asked.map((one) => scrape(one, wanted, signal)))
}

async function scrape(one: ScrapedComponent, wanted: Wanted, signal: AbortSignal): Promise<ComponentMetrics> {
  const of = { component: one.component, instance: one.name }
  try {
    const unreadableLines = new Map<string, number>()
    const page = await one.readPage('/metrics')
    const samples = parsePrometheusText(page, namesToRead(wanted), (metric = '') => {
      countMore(unreadableLines, metric)
    })
    return { ...of, samples, ...(unreadableLines.size > 0 && { unreadableLines }) }
  } catch (error) {
    signal.throwIfAborted()
    return { ...of, samples: [], unread: messageOf(error) }
  }
}
