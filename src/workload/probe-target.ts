import { runLabel } from '../kube/labels.ts'
import type { Deployment, Namespace } from '../kube/resources.ts'
import { tolerationOf } from './stamp.ts'

/** What the probes scale: one Deployment in a namespace of its own, pinned to one node. */
export interface ProbeTargetSpec {
  runId: string
  /** The node's label kubernetes.io/hostname. */
  node: string
  image: string
  serviceAccountToken: boolean
  replicas: number
  /** Taints of the fleet, which the pods tolerate: `key=value:Effect`. */
  tolerated?: readonly string[]
}

/** Selects the pods, the ReplicaSet and the Deployment of the probes. */
export const probeSelector = 'app=probe'

function namespaceName(runId: string): string {
  return `${runId}-probe`
}

/** The namespace that holds nothing but the probes' Deployment. */
export function probeNamespace({ runId }: ProbeTargetSpec): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespaceName(runId), labels: { [runLabel]: runId } },
  }
}

/**
 * The Deployment that is scaled. It is pinned by a node selector, so the scheduler takes part as it does for any pod
 * (a node name in the spec would bypass it).
 */
export function probeDeployment(spec: ProbeTargetSpec): Deployment {
  const { tolerated = [] } = spec
  const labels = { app: 'probe', [runLabel]: spec.runId }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'probe', namespace: namespaceName(spec.runId), labels },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: { app: 'probe' } },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': spec.node },
          ...(tolerated.length > 0 && { tolerations: tolerated.map(tolerationOf) }),
          automountServiceAccountToken: spec.serviceAccountToken,
          // An image without a tag would be pulled for every pod, and the kubelet pulls five a second (registryPullQPS).
          containers: [{ name: 'pause', image: spec.image, imagePullPolicy: 'IfNotPresent' }],
        },
      },
    },
  }
}
