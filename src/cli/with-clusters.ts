import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import type { PlannedClusters } from '../plan/plan.ts'
import type { Reach } from '../targets/remote/reach.ts'
import { connectOverHttp, reachClusters } from '../targets/remote/reach.ts'
import type { Surroundings } from './surroundings.ts'
import { readOptions } from './targets.ts'

/**
 * Reaches clusters for as long as `work` takes. Its signal aborts with an interrupt or with `ending`, and closes all connections when the work is over.
 * Throws as `reachClusters` does.
 */
export async function withClusters<T>(
  planned: PlannedClusters,
  { allowInsecure = [], ending }: { allowInsecure?: readonly string[]; ending?: AbortSignal },
  surroundings: Surroundings,
  work: (clusters: Reach[], signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const closing = new AbortController()
  const signals = [surroundings.interruption.signal, closing.signal, ...(ending === undefined ? [] : [ending])]
  const signal = AbortSignal.any(signals)
  try {
    const connect = connectOverHttp(systemClock)
    const clusters = await reachClusters(planned, { ...readOptions(surroundings), allowInsecure, connect, signal })
    return await work(clusters, signal)
  } finally {
    closing.abort(new Failure('interrupted', 'the clusters are needed no longer'))
  }
}
