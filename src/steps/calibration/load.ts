import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../kube/api.ts'
import type { CalibrationPhases } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'
import { sendPaced } from '../../workload/pace.ts'
import type { Step, StepContext } from '../step.ts'
import type { Meter } from './meter.ts'
import { describePhase } from './meter.ts'
import { configMap, namesOf, namespace } from './objects.ts'

/** How many requests are under way at a time. */
const concurrency = 16

/** Sends every item, so many at a time, and reports how far it is. */
export async function sendAll<T>(
  clock: Clock,
  items: readonly T[],
  unit: string,
  { signal, report }: StepContext,
  send: (item: T) => Promise<unknown>,
): Promise<void> {
  let done = 0
  const sendOne = async (item: T) => {
    await send(item)
    return true
  }
  const onSent = () => report({ done: ++done, total: items.length, unit })
  await sendPaced(items, { concurrency }, sendOne, { clock, signal, onSent })
}

/** Reads one configmap again and again. */
export function reads(cluster: Cluster, meter: Meter, count: number): Step<CalibrationPhases['reads']> {
  const { api } = cluster
  const name = 'read-by-all'
  return load('reads', cluster, meter, namesOf('read', count), {
    prepare: () => api.create('configmaps', configMap(name)),
    send: () => api.get({ resource: 'configmaps', namespace, name }),
  })
}

/** The names of the configmaps that `writes` creates and `patches` patches. */
function written(count: number): string[] {
  return namesOf('written', count)
}

/** Creates configmaps. */
export function writes(cluster: Cluster, meter: Meter, count: number): Step<CalibrationPhases['writes']> {
  const { api } = cluster
  return load('writes', cluster, meter, written(count), {
    send: (name) => api.create('configmaps', configMap(name)),
  })
}

/** Changes one field each of configmaps that `writes` has created; there must be as many of them. */
export function patches(cluster: Cluster, meter: Meter, count: number): Step<CalibrationPhases['patches']> {
  const { api } = cluster
  return load('patches', cluster, meter, written(count), {
    send: (name) =>
      api.patch({ resource: 'configmaps', namespace, name }, { type: 'merge', body: { data: { patched: 'yes' } } }),
  })
}

/** Makes the connections that the requests will use: what a handshake takes is not part of a request. */
async function openConnections(api: KubeApi): Promise<void> {
  const look = () => api.get({ resource: 'namespaces', name: namespace })
  await Promise.all(Array.from({ length: concurrency }, look))
}

interface Sending {
  prepare?: () => Promise<unknown>
  send: (name: string) => Promise<unknown>
}

/** Measures one request for every name. */
function load(
  id: string,
  { api, clock }: Cluster,
  meter: Meter,
  names: readonly string[],
  { prepare, send }: Sending,
): Step<CalibrationPhases['writes']> {
  return {
    id,
    title: id,
    timeoutMs: 60_000 + 100 * names.length,
    async setUp(context) {
      await prepare?.()
      await openConnections(api)
      const stop = await meter()
      await sendAll(clock, names, 'requests', context, send)
      return { units: names.length, unit: 'request', ...(await stop()) }
    },
    summary: describePhase,
  }
}
