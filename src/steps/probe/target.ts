import { orAborted } from '../../base/abort.ts'
import { plural } from '../../base/count.ts'
import { deleteNamespaces } from '../../kube/drain.ts'
import { follow } from '../../kube/follow.ts'
import { runLabel } from '../../kube/labels.ts'
import { createForRun } from '../../kube/own.ts'
import type { Deployment } from '../../kube/resources.ts'
import type { Cluster } from '../../targets/target.ts'
import type { ProbeTargetSpec } from '../../workload/probe-target.ts'
import { probeDeployment, probeNamespace, probeSelector } from '../../workload/probe-target.ts'
import { unlessDenied } from '../denials.ts'
import type { Step } from '../step.ts'

/** The Deployment that probes scale, up and available. */
export interface ProbeTarget {
  namespace: string
  name: string
}

/** The id and the title of the step. */
export const probeTargetOutline = { id: 'probe-target', title: 'Deployment under test' }

/**
 * Creates the probes' namespace and Deployment on the probe node, and waits until it is available; the probes scale it to `mostReplicas` at
 * most.
 */
export function probeTarget(cluster: Cluster, spec: ProbeTargetSpec, mostReplicas = spec.replicas): Step<ProbeTarget> {
  const namespace = probeNamespace(spec)
  let creating: Promise<unknown> | undefined
  return {
    ...probeTargetOutline,
    // A kubelet of five calls a second needs two of them per pod.
    timeoutMs: 60_000 + 1000 * spec.replicas,
    async setUp({ signal }) {
      const create = async () => {
        await createForRun(cluster.api, 'namespaces', namespace, { mayRepeat: false, next: nextWhenTaken })
        signal.throwIfAborted()
        return cluster.api.create('deployments', probeDeployment(spec))
      }
      const created = create()
      creating = created
      const { name = '', namespace: place = '' } = (await created).metadata
      const query = { resource: 'deployments', namespace: place, labelSelector: probeSelector } as const
      let available = 0
      const waiting = async () => {
        for await (const event of follow(cluster.api, query, { clock: cluster.clock, signal })) {
          if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue
          available = event.object.status?.availableReplicas ?? 0
          if (isAvailable(event.object)) break
        }
      }
      const { api, clock } = cluster
      await unlessDenied({ api, clock, deployments: query, progress: () => available }, waiting())
      signal.throwIfAborted()
      return { namespace: place, name }
    },
    summary: () => `${plural(spec.replicas, 'replica')} on ${spec.node}`,
    tearDown: {
      // A kubelet of five calls a second needs three of them per pod.
      budgetMs: 300_000 + 1000 * mostReplicas,
      async run({ signal, report }) {
        if (cluster.disposable || creating === undefined) return
        // What is still under way could come to be after the look at what there is.
        await orAborted(signal, Promise.allSettled([creating]))
        const fieldSelector = `metadata.name=${namespace.metadata.name}`
        await deleteNamespaces(cluster, { labelSelector: `${runLabel}=${spec.runId}`, fieldSelector }, signal, report)
      },
    },
  }
}

/** The name has the run's id in it. */
function nextWhenTaken(run: string | undefined): string {
  return run === undefined
    ? 'Use another cluster, or delete that namespace'
    : `Remove what that run left: npm run scale-test -- cleanup --run ${run}`
}

function isAvailable({ spec, status }: Deployment): boolean {
  return status?.availableReplicas === spec.replicas
}
