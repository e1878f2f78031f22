import type { CalibrationPhases } from '../../result/calibration.ts'
import type { Cluster, FleetSpec } from '../../targets/target.ts'
import type { ReadyFleet } from '../fleet-up.ts'
import { fleetUp } from '../fleet-up.ts'
import type { Step } from '../step.ts'
import { sendAll } from './load.ts'
import type { Meter } from './meter.ts'
import { describePhase } from './meter.ts'
import { namesOf, namespace, service } from './objects.ts'

/** Within this much all nodes are Ready. */
export function fleetTimeoutMs(nodes: number): number {
  return 120_000 + 2000 * nodes
}

/** Starts the fleet; as in a run, the orchestrator watches its nodes from then on. */
export function nodeStart(
  cluster: Cluster,
  meter: Meter,
  spec: FleetSpec,
): Step<{ fleet: ReadyFleet; phase: CalibrationPhases['nodeStart'] }> {
  const starting = fleetUp(cluster, spec, { timeoutMs: fleetTimeoutMs(spec.nodes) })
  return {
    ...starting,
    id: 'nodeStart',
    async setUp(context) {
      const stop = await meter()
      const fleet = await starting.setUp(context)
      return { fleet, phase: { units: spec.nodes, unit: 'node', ...(await stop()) } }
    },
    summary: ({ phase }) => describePhase(phase),
  }
}

/** How many Services, how many changes of them, and who sees all that. */
export interface ServiceCounts {
  nodes: number
  services: number
  updates: number
  /** How long to go on measuring when the last request is answered: kubelets see it a little later. */
  trailMs: number
}

/** Creates Services: every kubelet sees every one of them. */
export function services(
  cluster: Cluster,
  meter: Meter,
  { services: count, nodes, trailMs }: ServiceCounts,
): Step<CalibrationPhases['services']> {
  const names = namesOf('service', count)
  return fanOut('services', cluster, meter, { items: names, nodes, trailMs }, (name) =>
    cluster.api.create('services', service(name)),
  )
}

/**
 * Changes the Services in turn: every kubelet sees it, and no controller has anything to write. Not one and the same all
 * the time, or the requests would stand in each other's way.
 */
export function serviceUpdates(
  cluster: Cluster,
  meter: Meter,
  { updates, services: count, nodes, trailMs }: ServiceCounts,
): Step<CalibrationPhases['serviceUpdates']> {
  const names = namesOf('service', count)
  const changes = Array.from({ length: updates }, (_, index) => ({
    name: names[index % count] ?? '',
    body: { metadata: { annotations: { change: `${index}` } } },
  }))
  return fanOut('serviceUpdates', cluster, meter, { items: changes, nodes, trailMs }, ({ name, body }) =>
    cluster.api.patch({ resource: 'services', namespace, name }, { type: 'merge', body }),
  )
}

function fanOut<T>(
  id: string,
  { clock }: Cluster,
  meter: Meter,
  { items, nodes, trailMs }: { items: readonly T[]; nodes: number; trailMs: number },
  send: (item: T) => Promise<unknown>,
): Step<CalibrationPhases['services']> {
  return {
    id,
    title: id,
    timeoutMs: 60_000 + trailMs + 100 * items.length,
    async setUp(context) {
      const stop = await meter()
      await sendAll(clock, items, 'requests', context, send)
      await clock.sleep(trailMs, context.signal)
      return { units: items.length * nodes, unit: 'delivery', ...(await stop()) }
    },
    summary: describePhase,
  }
}
