import type { Pki } from '../pki.ts'
import { type Flags, toArguments } from './flags.ts'

export interface ControllerConfiguration {
  port: number
  kubeconfig: string
  pki: Pki
  knobs?: Flags
}

/** What may be read without credentials, so that no component has to ask the apiserver who is reading. */
export const openPaths = '/healthz,/readyz,/livez,/metrics,/configz'

/** Arguments of kube-controller-manager. */
export function controllerManagerArguments({ port, kubeconfig, pki, knobs = {} }: ControllerConfiguration): string[] {
  return toArguments({
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': pki.server.certFile,
    'tls-private-key-file': pki.server.keyFile,
    'authorization-always-allow-paths': openPaths,
    // It is the only one; a lease would only delay its start.
    'leader-elect': 'false',
    'root-ca-file': pki.ca.certFile,
    'service-account-private-key-file': pki.serviceAccount.keyFile,
    'use-service-account-credentials': 'true',
    ...knobs,
  })
}
