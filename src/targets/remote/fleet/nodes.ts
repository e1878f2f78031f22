import type { Clock } from '../../../base/clock.ts'
import type { Report } from '../../../base/progress.ts'
import type { Node } from '../../../kube/resources.ts'
import type { Plan } from '../../../plan/plan.ts'
import type { Fleet, FleetOrigin } from '../../target.ts'
import type { HollowArm } from '../hollow-spec.ts'
import { requireIdentity } from '../preflight/identity.ts'
import type { Reach } from '../reach.ts'
import { isHollow, probeNodeOf, selectNodes } from './existing.ts'
import { removeHollowFleet } from './remove.ts'
import { startHollowFleet } from './start.ts'

/** The nodes of one arm, as a `Cluster` starts and removes them. */
export interface ArmNodes {
  start(signal: AbortSignal, report?: Report): Promise<Fleet>
  remove(signal: AbortSignal, report?: Report): Promise<void>
}

/** Nodes that are there already: chosen, not started. */
export function existingNodes({ fleet, probes }: Plan, target: Reach): ArmNodes {
  const { source, nodes, selector } = fleet
  return {
    async start(signal) {
      const { nodeNames, timed } = await selectNodes(target.api, { nodes, selector, probe: probes.node }, signal)
      return { nodeNames, processes: 0, ...originOf(source, timed) }
    },
    remove: () => Promise.resolve(),
  }
}

/** Where hollow nodes run, and which cluster they join. */
export interface HollowNodesOptions {
  host: Reach
  target: Reach
  clock: Clock
  now: () => Date
  probe: Plan['probes']['node']
}

/** Hollow nodes as pods of a host cluster. */
export function hollowNodes(arm: HollowArm, { host, target, clock, now, probe }: HollowNodesOptions): ArmNodes {
  const on = { host: host.api, target: target.api, clock }
  return {
    async start(signal, report) {
      const fleet = await startHollowFleet({ ...arm, ...on, now: now(), report }, signal)
      const { nodeNames, processes, images, startedMs, probeNode } = fleet
      const timed = await probeNodeOf(target.api, probe ?? { name: probeNode }, signal)
      const { origin, ...rest } = originOf('hollow', timed)
      const versions = { ...origin.versions, 'hollow-node image': images.join(', ') }
      return { nodeNames, processes, startedMs, ...rest, origin: { ...origin, versions } }
    },
    async remove(signal, report) {
      const verify = { host: () => requireIdentity([host]), target: () => requireIdentity([target]) }
      await removeHollowFleet({ ...on, runId: arm.runId, verify, report }, signal)
    },
  }
}

/** Where a fleet comes from, and its probe node. */
function originOf(source: FleetOrigin['source'], probe: Node): Pick<Fleet, 'probeNode'> & { origin: FleetOrigin } {
  const { name = '', labels = {} } = probe.metadata
  const { kubeletVersion, containerRuntimeVersion } = probe.status?.nodeInfo ?? {}
  return {
    probeNode: name,
    origin: {
      source,
      probeNode: isHollow(probe) ? 'hollow' : 'real',
      probeHostname: labels['kubernetes.io/hostname'] ?? name,
      versions: {
        ...(kubeletVersion !== undefined && { kubelet: kubeletVersion }),
        ...(containerRuntimeVersion !== undefined && { 'container runtime': containerRuntimeVersion }),
      },
    },
  }
}
