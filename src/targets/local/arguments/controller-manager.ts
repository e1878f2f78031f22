import type { Pki } from '../pki.ts'
import type { Flags } from './flags.ts'
import { toArguments } from './flags.ts'

export interface ControllerConfiguration {
  port: number
  kubeconfig: string
  pki: Pki
  knobs?: Flags
}

/** What may be read without credentials, so that no component has to ask the apiserver who is reading. */
const openPaths = '/healthz,/readyz,/livez,/metrics,/configz,/flagz'

/** Flags that kube-controller-manager and kube-scheduler have in common. */
export function controllerFlags({ port, kubeconfig, pki }: ControllerConfiguration): Flags {
  return {
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': pki.server.certFile,
    'tls-private-key-file': pki.server.keyFile,
    'authorization-always-allow-paths': openPaths,
    // Each is the only one; a lease would only delay its start.
    'leader-elect': 'false',
  }
}

/**
 * Arguments of kube-controller-manager. Its controllers share one identity, which control-plane.ts gives the rights of
 * all of them. With a service account for each, as kubeadm sets it up, they start seconds later: 120 requests to make
 * them go through the limit of 20 per second. What is measured is the same both ways: each controller's client has its
 * own rate limiter, and both identities have priority level workload-high and are distinguished by namespace (flow schemas
 * kube-controller-manager and kube-system-service-accounts).
 */
export function controllerManagerArguments(configuration: ControllerConfiguration): string[] {
  const { pki, knobs = {} } = configuration
  return toArguments({
    ...controllerFlags(configuration),
    'root-ca-file': pki.ca.certFile,
    'service-account-private-key-file': pki.serviceAccount.keyFile,
    'use-service-account-credentials': 'false',
    ...knobs,
  })
}
