import type { Pki } from '../pki.ts'
import type { EtcdMember } from './etcd.ts'
import { etcdUrl } from './etcd.ts'
import type { Flags } from './flags.ts'
import { toArguments } from './flags.ts'

export interface ApiserverConfiguration {
  port: number
  /** Members of the etcd cluster without `resource`, and of each resource that has one of its own. */
  etcds: readonly Pick<EtcdMember, 'clientPort' | 'resource'>[]
  pki: Pki
  knobs?: Flags
}

/** Arguments of kube-apiserver. */
export function apiserverArguments({ port, etcds, pki, knobs = {} }: ApiserverConfiguration): string[] {
  const { undefined: main = [], ...split } = Object.groupBy(etcds, ({ resource }) => String(resource))
  const overrides = Object.entries(split).map(
    ([resource, members = []]) => `${resource}#${members.map(etcdUrl).join(';')}`,
  )
  return toArguments({
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': pki.server.certFile,
    'tls-private-key-file': pki.server.keyFile,
    'client-ca-file': pki.ca.certFile,
    'etcd-servers': main.map(etcdUrl).join(','),
    ...(overrides.length > 0 && { 'etcd-servers-overrides': overrides.join(',') }),
    'etcd-cafile': pki.ca.certFile,
    'etcd-certfile': pki.etcdClient.certFile,
    'etcd-keyfile': pki.etcdClient.keyFile,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': pki.serviceAccount.publicKeyFile,
    'service-account-signing-key-file': pki.serviceAccount.keyFile,
    'service-cluster-ip-range': '10.0.0.0/16',
    // Endpoints of the service `kubernetes` may not be loopback addresses, and no pod will look for them.
    'endpoint-reconciler-type': 'none',
    ...knobs,
  })
}
