import type { ConfigMap, Deployment, ObjectMeta, Pod, PodSpec, Secret, Service } from '../../src/kube/resources.ts'

/** A UID that no object has. */
export const foreignUid = '00000000-0000-0000-0000-000000000000'

/** A finalizer that no controller removes. */
export const finalizer = 'contract.test/held'

/** What selects no node. */
export const nowhere = { nodeSelector: { 'contract.test/nowhere': 'true' } }

export function configMap(namespace: string, name: string, rest: Partial<ConfigMap> = {}): ConfigMap {
  return { ...rest, metadata: { ...rest.metadata, name, namespace } }
}

export function secret(namespace: string, name: string): Secret {
  return { metadata: { name, namespace } }
}

export function service(namespace: string, name: string): Service {
  return { metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 80 }] } }
}

export function pod(namespace: string, name: string, spec: Partial<PodSpec> = {}, metadata: ObjectMeta = {}): Pod {
  return { metadata: { ...metadata, name, namespace }, spec: { ...podSpec, ...spec } }
}

export function deployment(namespace: string, name: string, replicas: number): Deployment {
  const labels = { app: name }
  return {
    metadata: { name, namespace, labels },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  }
}

const podSpec: PodSpec = { containers: [{ name: 'main', image: 'pause', imagePullPolicy: 'IfNotPresent' }] }
