import type { ResourceName } from '../../kube/api.ts'
import type { ConfigMap, Event, KubeObject, Pod, Secret } from '../../kube/resources.ts'

/** JSON sizes in KB, managedFields included, of hollow nodes and of pods with one container; the rest are guesses, and weigh little beside them. */
const jsonKilobytes: Partial<Record<string, number>> = {
  nodes: 4,
  deployments: 2.5,
  replicasets: 2.3,
  services: 1.2,
  events: 1.2,
  leases: 0.8,
  endpointslices: 1.2,
  endpoints: 1.2,
}
const otherKilobytes = 0.6
const podKilobytes = { pending: 2.6, running: 5.1 }
/** etcd holds protobuf, about 60 % of the JSON that API clients see; payloads stay what they are. */
const protobufShare = 0.6

/** Bytes that etcd takes for something whose contents the model does not keep: `events`, `leases`. */
export function etcdBytesOfKind(resource: string): number {
  return 1024 * (jsonKilobytes[resource] ?? otherKilobytes) * protobufShare
}

/** Bytes that etcd takes for an object. */
export function etcdBytesOf(resource: ResourceName, object: KubeObject): number {
  switch (resource) {
    case 'pods': {
      const isRunning = (object as Pod).status?.phase === 'Running'
      return 1024 * (isRunning ? podKilobytes.running : podKilobytes.pending) * protobufShare
    }
    case 'configmaps':
      return payloadBytes((object as ConfigMap).data, 1) + etcdBytesOfKind(resource)
    case 'secrets':
      // In base64 only on the way.
      return payloadBytes((object as Secret).data, 0.75) + etcdBytesOfKind(resource)
    case 'events':
      return ((object as Event).message ?? '').length + etcdBytesOfKind(resource)
    default:
      return etcdBytesOfKind(resource)
  }
}

function payloadBytes(data: Readonly<Record<string, string>> = {}, share: number): number {
  let bytes = 0
  for (const value of Object.values(data)) bytes += value.length * share
  return bytes
}
