/**
 * Flags that scale-test gives the components of a cluster of its own, and an arm cannot: addresses, credentials and files. On somebody else's
 * cluster they are the same kind of thing, and differ anyway.
 */
const ownFlags: Readonly<Record<string, readonly string[]>> = {
  'kube-apiserver': [
    'advertise-address',
    'bind-address',
    'client-ca-file',
    'etcd-cafile',
    'etcd-certfile',
    'etcd-keyfile',
    'etcd-servers',
    'etcd-servers-overrides',
    'secure-port',
    'service-account-issuer',
    'service-account-key-file',
    'service-account-signing-key-file',
    'tls-cert-file',
    'tls-private-key-file',
  ],
  'kube-controller-manager': [
    'authorization-always-allow-paths',
    'bind-address',
    'kubeconfig',
    'leader-elect',
    'master',
    'root-ca-file',
    'secure-port',
    'service-account-private-key-file',
    'tls-cert-file',
    'tls-private-key-file',
    'use-service-account-credentials',
  ],
  'kube-scheduler': [
    'authorization-always-allow-paths',
    'bind-address',
    'config',
    'kubeconfig',
    'leader-elect',
    'master',
    'secure-port',
    'tls-cert-file',
    'tls-private-key-file',
    'write-config-to',
  ],
  etcd: [
    'advertise-client-urls',
    'cert-file',
    'client-cert-auth',
    'config-file',
    'data-dir',
    'wal-dir',
    'initial-advertise-peer-urls',
    'initial-cluster',
    'key-file',
    'listen-client-urls',
    'listen-peer-urls',
    'name',
    'peer-cert-file',
    'peer-client-cert-auth',
    'peer-key-file',
    'peer-trusted-ca-file',
    'trusted-ca-file',
  ],
}

/** Fields of configuration files that are scale-test's own for the same reasons. */
const ownFields: Readonly<Record<string, readonly string[]>> = {
  'kube-scheduler': ['clientConnection.kubeconfig', 'leaderElection.leaderElect'],
}

/** Flags of kube-scheduler that it ignores beside a configuration file, and the fields that do the same with and without. */
const schedulerFields: Readonly<Record<string, string>> = {
  profiling: 'enableProfiling',
  'contention-profiling': 'enableContentionProfiling',
  'kube-api-content-type': 'clientConnection.contentType',
}

/** Whether a field, named by its path, is scale-test's own. */
export function isOwnField(component: string, path: string): boolean {
  return ownFields[component]?.includes(path) === true
}

/** The field of kube-scheduler's configuration that is to be set in place of a flag. */
export function fieldForFlag(component: string, flag: string): string | undefined {
  return component === 'kube-scheduler' && Object.hasOwn(schedulerFields, flag) ? schedulerFields[flag] : undefined
}

/** Whether a flag, named without dashes, is scale-test's own. */
export function isOwnFlag(component: string, flag: string): boolean {
  return ownFlags[component]?.includes(flag) === true
}
