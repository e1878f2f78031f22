import { follow } from '../kube/follow.ts'
import type { Deployment, Namespace } from '../kube/resources.ts'
import type { Cluster } from '../targets/target.ts'
import type { ProbeTargetSpec } from '../workload/probe-target.ts'
import { probeDeployment, probeNamespace, probeSelector } from '../workload/probe-target.ts'
import { deleteNamespace } from './drain.ts'
import type { Step } from './step.ts'

/** The Deployment that probes scale, up and available. */
export interface ProbeTarget {
  namespace: string
  name: string
}

/** Creates the probes' namespace and Deployment on the probe node, and waits until it is available. */
export function probeTarget(cluster: Cluster, spec: ProbeTargetSpec): Step<ProbeTarget> {
  let creating: Promise<Namespace> | undefined
  return {
    id: 'probe-target',
    title: 'Deployment under test',
    // A kubelet of five calls a second needs two of them per pod.
    timeoutMs: 60_000 + 1000 * spec.replicas,
    async setUp({ signal }) {
      creating = cluster.api.create('namespaces', probeNamespace(spec))
      const { name = '' } = (await creating).metadata
      const deployment = await cluster.api.create('deployments', probeDeployment(spec))
      const query = { resource: 'deployments', namespace: name, labelSelector: probeSelector } as const
      for await (const event of follow(cluster.api, query, { clock: cluster.clock, signal })) {
        if ((event.type === 'ADDED' || event.type === 'MODIFIED') && isAvailable(event.object)) break
      }
      signal.throwIfAborted()
      return { namespace: name, name: deployment.metadata.name ?? '' }
    },
    summary: () => `${spec.replicas} replica on ${spec.node}`,
    tearDown: {
      budgetMs: 120_000,
      async run({ signal }) {
        const created = await creating?.catch(() => undefined)
        const { name, uid } = created?.metadata ?? {}
        if (name !== undefined && uid !== undefined && !cluster.disposable)
          await deleteNamespace(cluster, { name, uid }, signal)
      },
    },
  }
}

function isAvailable({ spec, status }: Deployment): boolean {
  return status?.availableReplicas === spec.replicas
}
