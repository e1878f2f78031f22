import type { RequestRecord } from '../kube/transport.ts'
import type { OwnRequests } from '../measure/window.ts'

/** Keeps how long the orchestrator's own requests took: the last million of them, ten bytes each, so that percentiles are exact. */
export interface RequestLog {
  add(record: RequestRecord): void
  /** How many there have been so far: the mark of a moment. */
  count(): number
  /** Those since a mark, by kind, in the order in which kinds came up, and how many of them are not kept any more. */
  since(mark: number): { requests: OwnRequests[]; dropped: number }
}

/** A watch has no end to wait for, and /metrics pages are no API requests. */
export function isCall({ verb, resource }: RequestRecord): boolean {
  return verb !== 'watch' && !resource.startsWith('/')
}

const atFirst = 1024

/** An empty log. */
export function createRequestLog(capacity = 2 ** 20): RequestLog {
  let latenciesMs = new Float64Array(Math.min(atFirst, capacity))
  let kindOf = new Uint16Array(latenciesMs.length)
  const kinds: { verb: string; resource: string }[] = []
  const indices = new Map<string, number>()
  let count = 0

  const grow = () => {
    const length = Math.min(2 * latenciesMs.length, capacity)
    const [moreLatencies, moreKinds] = [new Float64Array(length), new Uint16Array(length)]
    moreLatencies.set(latenciesMs)
    moreKinds.set(kindOf)
    latenciesMs = moreLatencies
    kindOf = moreKinds
  }
  const indexOf = (verb: string, resource: string): number => {
    const key = `${verb} ${resource}`
    const index = indices.get(key) ?? kinds.push({ verb, resource }) - 1
    indices.set(key, index)
    return index
  }

  return {
    add(record) {
      if (!isCall(record)) return
      const { verb, resource, latencyMs } = record
      if (count === latenciesMs.length && count < capacity) grow()
      const place = count++ % latenciesMs.length
      latenciesMs[place] = latencyMs
      kindOf[place] = indexOf(verb, resource)
    },
    count: () => count,
    since(mark) {
      const first = Math.max(mark, count - latenciesMs.length)
      const found = new Map<number, number[]>()
      for (let number = first; number < count; number++) {
        const place = number % latenciesMs.length
        const kind = kindOf[place] as number
        const samples = found.get(kind)
        if (samples === undefined) found.set(kind, [latenciesMs[place] as number])
        else samples.push(latenciesMs[place] as number)
      }
      const requests = [...found].map(([kind, samples]) => ({
        ...(kinds[kind] as (typeof kinds)[number]),
        latenciesMs: samples,
      }))
      return { requests, dropped: first - mark }
    },
  }
}
