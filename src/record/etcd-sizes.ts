import type { Clock } from '../base/clock.ts'
import { recordedMetrics } from '../measure/component-series.ts'
import type { EtcdSizes } from '../measure/etcd-use.ts'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'

const everyMs = 10_000

/** Notes the size of every etcd every ten seconds, counted from `startMs`, until it is stopped. */
export function sampleEtcdSizes(
  { clock, scrape }: { clock: Clock; scrape(wanted: Wanted): Promise<ComponentMetrics[]> },
  sizes: EtcdSizes,
  startMs: number,
): () => Promise<void> {
  const ending = new AbortController()
  const sampling = (async () => {
    for (;;) {
      await clock.sleep(everyMs, ending.signal)
      sizes.note(await scrape({ components: ['etcd'], names: recordedMetrics }), clock.nowMs() - startMs)
    }
  })()
  // What ends the loop is the end, of the phase or of the cluster.
  const ended = sampling.catch(() => {})
  return () => {
    ending.abort()
    return ended
  }
}
