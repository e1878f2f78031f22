import type { KubeObject } from '../../kube/resources.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { layOutWorkload } from '../../workload/layout.ts'
import { kinds, objectsOf, roleOf, stamped } from '../../workload/stamp.ts'
import { canaryIn } from './observation.ts'

/** Every object of the fills, the canary of watch lag included. */
export function* objectsOfFills(
  workloads: readonly PlannedWorkload[],
  { plan: { seed, fleet }, runId }: { plan: Plan; runId: string },
): Generator<KubeObject> {
  for (const workload of workloads) {
    const layout = layOutWorkload(workload, seed)
    for (const kind of kinds)
      for (const object of objectsOf(layout, kind)) yield stamped(object, runId, roleOf(kind), fleet.pods.taints)
    const [first] = layout.namespaces
    if (first !== undefined)
      yield stamped({ apiVersion: 'v1', kind: 'ConfigMap', ...canaryIn(first.name) }, runId, 'canary')
  }
}
