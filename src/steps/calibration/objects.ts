import type { ConfigMap, Deployment, Pod, PodSpec, Service } from '../../kube/resources.ts'
import { payloads } from '../../workload/payload.ts'

/** Where everything is created: its service account is there as soon as the control plane is, so pods are admitted at once. */
export const namespace = 'default'

/** Bytes of data in a configmap. */
const configMapBytes = 1024

const payload = payloads(1, configMapBytes)

/** A configmap of 1 KiB that does not compress. */
export function configMap(name: string): ConfigMap {
  return { metadata: { name, namespace }, data: { data: payload(name) } }
}

/** `count` names: `write-0` and so on. */
export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

/** A Service that selects nothing: what it costs is to tell everybody. */
export function service(name: string): Service {
  return { metadata: { name, namespace }, spec: { selector: { app: 'none' }, ports: [{ port: 80 }] } }
}

/** Pods as a fill makes them, without a token and without a pull. */
const podSpec: PodSpec = {
  automountServiceAccountToken: false,
  containers: [{ name: 'app', image: 'registry.k8s.io/pause:3.10', imagePullPolicy: 'IfNotPresent' }],
}

const hostname = 'kubernetes.io/hostname'

/** A pod for one node; the scheduler takes part, as a node name in the spec would not let it. */
export function pod(name: string, app: string, node: string): Pod {
  return {
    metadata: { name, namespace, labels: { app } },
    spec: { ...podSpec, nodeSelector: { [hostname]: node } },
  }
}

/** A Deployment whose pods go to one node, or wherever the scheduler puts them; they also carry `app`, as those of others may. */
export function deployment(name: string, app: string, replicas: number, node?: string): Deployment {
  const spec = node === undefined ? podSpec : { ...podSpec, nodeSelector: { [hostname]: node } }
  return {
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { deployment: name } },
      template: { metadata: { labels: { app, deployment: name } }, spec },
    },
  }
}
