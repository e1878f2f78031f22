import type { KubeObject } from '../../kube/resources.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlannedProbe } from '../../plan/probe.ts'
import { probeDeployment, probeNamespace } from '../../workload/probe-target.ts'

/** The Deployment that the probes scale, and its namespace. */
export function* objectsOfProbes(
  [first]: readonly PlannedProbe[],
  { plan: { probes, fleet }, runId }: { plan: Plan; runId: string },
): Generator<KubeObject> {
  if (first === undefined) return
  const { image, serviceAccountToken } = probes.pod
  const node = probes.node === undefined ? 'hollow-0' : 'name' in probes.node ? probes.node.name : probes.node.selector
  const spec = { runId, node, image, serviceAccountToken, replicas: first.from, tolerated: fleet.pods.taints }
  yield probeNamespace(spec)
  yield probeDeployment(spec)
}
