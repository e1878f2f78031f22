import { hollowNodeOf } from '../../fleet/hollow-node.ts'
import type { HollowFleetSpec, TargetServer } from '../../fleet/manifests.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { Plan } from '../../plan/plan.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { statusPeriodSecondsOf } from '../../tuning/status-period.ts'
import type { PlannedTarget } from './reach.ts'

/** What an arm's hollow nodes are made from. */
export interface ArmOfHollowNodes {
  plan: Plan
  target: PlannedTarget
  credentials: Credentials
  runId: string
  armId: string
  knobs: readonly KnobRequest[]
  /** Of the image, where the plan names none: `v1.36.3`. */
  kubernetesVersion: string
}

/** An arm's hollow nodes as src/fleet and fleet/ want them. */
export interface HollowArm {
  runId: string
  armId: string
  spec: HollowFleetSpec
  kubeletConfiguration: Readonly<Record<string, unknown>>
  targetServer: TargetServer
}

/** The image that `make image` builds from the pinned sources. */
function defaultImage(kubernetesVersion: string): string {
  return `hollow-node:${kubernetesVersion}`
}

/** What a plan says of the hollow nodes of one of its arms. */
export function hollowArm(arm: ArmOfHollowNodes): HollowArm {
  const { plan, target, credentials, runId, armId, knobs, kubernetesVersion } = arm
  const { nodes, nodesPerProcess, hosts, node, pods } = plan.fleet
  const { ca } = credentials.tls
  return {
    runId,
    armId,
    spec: {
      nodes,
      nodesPerProcess,
      hosts,
      node: hollowNodeOf(node),
      statusPeriodSeconds: statusPeriodSecondsOf(knobs),
      pods: { ...pods, image: pods.image ?? defaultImage(kubernetesVersion) },
    },
    kubeletConfiguration: renderKnobs(knobs.filter(({ knob }) => knob.component === 'kubelet')).kubeletConfiguration,
    targetServer: {
      server: target.server ?? credentials.server,
      ...(ca !== undefined && { ca: String(ca) }),
    },
  }
}
