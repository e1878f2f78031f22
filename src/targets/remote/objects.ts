import { Failure } from '../../base/errors.ts'
import type { KubeObject } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import type { Plan } from '../../plan/plan.ts'
import { armIdOf, armName, kubernetesOf } from '../../plan/plan.ts'
import { requestsOf } from '../../tuning/profiles.ts'
import type { PlannedWork } from '../target.ts'
import { hollowFleetObjects } from './fleet/planned-objects.ts'
import type { HollowArm } from './hollow-spec.ts'
import { hollowArm } from './hollow-spec.ts'
import type { Holder } from './lease.ts'
import { leaseFor } from './lease.ts'
import type { PlannedObject } from './preflight/check.ts'
import type { PlannedTarget, Reach } from './reach.ts'
import { titleOf } from './reach.ts'

export interface PlannedObjectsOptions {
  plan: Plan
  work: PlannedWork
  clusters: readonly Reach[]
  /** Of the hollow nodes' image of an arm that asks for a version of Kubernetes, or for none. */
  kubernetesVersion: (kubernetes: string | undefined) => string
  holder: Holder
  now: Date
}

/**
 * Everything that a run would create, cluster by cluster and in order; what two arms both create on one cluster, one after the
 * other, once.
 */
export function* plannedObjects(options: PlannedObjectsOptions): Generator<PlannedObject> {
  const { work, clusters, holder, now } = options
  for (const cluster of clusters) {
    if (cluster.role === 'target')
      yield { cluster, object: { ...head('leases'), ...leaseFor(holder, now) } satisfies KubeObject }
    const seen = new Set<string>()
    for (const object of fleetObjects(cluster, options)) {
      const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`
      if (!seen.has(key)) yield { cluster, object }
      seen.add(key)
    }
    if (cluster.role === 'target') for (const object of work.objects()) yield { cluster, object }
  }
}

function head(resource: keyof typeof resources): { apiVersion: string; kind: string } {
  const { apiVersion, kind } = resources[resource]
  return { apiVersion, kind }
}

/** Of the hollow nodes of every arm that concerns this cluster. */
function* fleetObjects(cluster: Reach, options: PlannedObjectsOptions): Generator<KubeObject> {
  for (const { order, path } of hollowArms(options)) {
    if (cluster.role === 'target' && cluster.path !== path) continue
    yield* hollowFleetObjects({ ...order, target: order.targetServer })[cluster.role]
  }
}

/** The hollow nodes of every arm, and the target that they join; none where the fleet is not the run's. */
export function hollowArms({
  plan,
  clusters,
  holder: { runId },
  kubernetesVersion,
}: Omit<PlannedObjectsOptions, 'now' | 'work'>): { order: HollowArm; path: string }[] {
  if (plan.fleet.source !== 'hollow') return []
  return plan.arms.flatMap((arm) => {
    const { target, path } = targetOf(plan, armName(arm))
    const credentials = clusters.find((cluster) => cluster.path === path)?.credentials
    if (credentials === undefined) return []
    const armId = armIdOf(armName(arm), 1)
    const knobs = requestsOf(arm)
    const version = kubernetesVersion(kubernetesOf(plan, arm))
    const order = hollowArm({ plan, target, credentials, armId, knobs, runId, kubernetesVersion: version })
    return [{ order, path }]
  })
}

/** The target that an arm runs on, and where it stands in the plan. Throws `Failure('bad-input')` when there is none. */
export function targetOf({ remote }: Plan, arm: string): { target: PlannedTarget; path: string } {
  const targets = remote?.targets ?? []
  const index = targets.findIndex(({ arms }) => arms === undefined || arms.includes(arm))
  const target = targets[index]
  if (target === undefined)
    throw new Failure('bad-input', `none of the plan's targets is for arm ${arm}`, {
      next: 'Name it in remote.targets',
    })
  return { target, path: `remote.targets[${index}]` }
}

/** An object in one line: `target (context eu-3)  ConfigMap large-01/config-1`. */
export function lineOf({ cluster, object }: PlannedObject): string {
  const { namespace, name = '' } = object.metadata
  return `${titleOf(cluster)}  ${object.kind ?? ''} ${namespace === undefined ? name : `${namespace}/${name}`}`
}
