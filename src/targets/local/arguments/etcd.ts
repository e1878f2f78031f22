import type { Pki } from '../pki.ts'
import type { Flags } from './flags.ts'
import { toArguments } from './flags.ts'

/** A member of an etcd cluster, and perhaps the only one. */
export interface EtcdMember {
  /** Name of the process, such as `etcd`, `etcd-leases.coordination.k8s.io` or `etcd-pods-2`. */
  name: string
  /** The only resource its cluster holds, as `group/resource`; everything else when absent. */
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

/** What a member is called, `number` of `members`. */
export function memberName(cluster: string, number: number, members: number): string {
  return members === 1 ? cluster : `${cluster}-${number}`
}

/** Where the apiserver and the metrics reader find it. */
export function etcdUrl({ clientPort }: Pick<EtcdMember, 'clientPort'>): string {
  return `https://127.0.0.1:${clientPort}`
}

function peerUrl({ peerPort }: EtcdMember): string {
  return `https://127.0.0.1:${peerPort}`
}

/**
 * Arguments of a member of `cluster`. TLS with client certificates, as kubeadm sets it up: whoever reaches etcd owns the cluster, and
 * loopback is open to every user of the machine. fsync stays on: without it writes would cost nothing.
 */
export function etcdArguments(
  member: EtcdMember,
  cluster: readonly EtcdMember[],
  pki: Pki,
  knobs: Flags = {},
): string[] {
  const clientUrl = etcdUrl(member)
  return toArguments({
    name: member.name,
    'data-dir': member.dataDir,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl(member),
    'initial-advertise-peer-urls': peerUrl(member),
    'initial-cluster': cluster.map((each) => `${each.name}=${peerUrl(each)}`).join(','),
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
