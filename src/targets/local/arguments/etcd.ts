import type { Pki } from '../pki.ts'
import type { Flags } from './flags.ts'
import { toArguments } from './flags.ts'

/** One etcd of one member. */
export interface EtcdInstance {
  /** Name of the component, such as `etcd` or `etcd-leases.coordination.k8s.io`. */
  name: string
  /** The only resource it holds, as `group/resource`; everything else when absent. */
  resource?: string
  clientPort: number
  peerPort: number
  dataDir: string
}

/** What etcd is called that holds this resource alone; Kubernetes writes group and resource this way around too. */
export function etcdName(resource: string | undefined): string {
  if (resource === undefined) return 'etcd'
  const [group, plural] = resource.split('/', 2)
  return group === '' ? `etcd-${plural}` : `etcd-${plural}.${group}`
}

/** Where the apiserver and the metrics reader find it. */
export function etcdUrl({ clientPort }: Pick<EtcdInstance, 'clientPort'>): string {
  return `https://127.0.0.1:${clientPort}`
}

/**
 * Arguments of etcd. TLS with client certificates, as kubeadm sets it up: whoever reaches etcd owns the cluster, and
 * loopback is open to every user of the machine. fsync stays on: without it writes would cost nothing.
 */
export function etcdArguments(instance: EtcdInstance, pki: Pki, knobs: Flags = {}): string[] {
  const clientUrl = etcdUrl(instance)
  const peerUrl = `https://127.0.0.1:${instance.peerPort}`
  return toArguments({
    name: instance.name,
    'data-dir': instance.dataDir,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `${instance.name}=${peerUrl}`,
    'trusted-ca-file': pki.ca.certFile,
    'cert-file': pki.server.certFile,
    'key-file': pki.server.keyFile,
    'client-cert-auth': 'true',
    'peer-trusted-ca-file': pki.ca.certFile,
    'peer-cert-file': pki.server.certFile,
    'peer-key-file': pki.server.keyFile,
    'peer-client-cert-auth': 'true',
    ...knobs,
  })
}
