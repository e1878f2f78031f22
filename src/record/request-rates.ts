import type { RequestRecord } from '../kube/transport.ts'
import type { Sample } from '../result/sample-line.ts'
import { isCall } from './requests.ts'

/** Adds up the orchestrator's own requests by the second: an arm may have a million of them. */
export interface RequestRates {
  add(record: RequestRecord, atMs: number): void
  /** Tells of the second that was going on, if it is over at this moment. */
  endBefore(atMs: number): void
}

type Rate = Extract<Sample, { kind: 'requests' }>

const spanMs = 1000

/** Nothing was asked yet. `keep` gets the sorts of a second in the order in which they came up. */
export function createRequestRates(keep: (rates: readonly Rate[], atMs: number) => void): RequestRates {
  const rates = new Map<string, { rate: Rate; counts: number[] }>()
  /** When the second is over of which `rates` are. */
  let endMs = 0
  const endBefore = (atMs: number) => {
    if (atMs < endMs || rates.size === 0) return
    const over = [...rates.values()]
    rates.clear()
    keep(
      over.map(({ rate, counts }) => ({
        ...rate,
        latencyHistogramMs: counts.flatMap((count, exponent): [number, number][] => [[2 ** exponent, count]]),
      })),
      endMs,
    )
  }
  return {
    add(record, atMs) {
      if (!isCall(record)) return
      const { verb, resource, status, latencyMs } = record
      endBefore(atMs)
      if (rates.size === 0) endMs = (Math.floor(atMs / spanMs) + 1) * spanMs
      const key = `${verb} ${resource} ${status}`
      let found = rates.get(key)
      if (found === undefined) {
        const none = { count: 0, latencyMaxMs: 0, latencyHistogramMs: [] }
        found = { rate: { atMs: endMs, kind: 'requests', verb, resource, status, ...none }, counts: [] }
        rates.set(key, found)
      }
      const { rate, counts } = found
      rate.count++
      rate.latencyMaxMs = Math.max(rate.latencyMaxMs, latencyMs)
      const exponent = Math.max(0, Math.ceil(Math.log2(latencyMs)))
      counts[exponent] = (counts[exponent] ?? 0) + 1
    },
    endBefore,
  }
}
