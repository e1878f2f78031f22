import type { ControllerConfiguration } from './controller-manager.ts'
import { openPaths } from './controller-manager.ts'
import { toArguments } from './flags.ts'

/** Arguments of kube-scheduler. */
export function schedulerArguments({ port, kubeconfig, pki, knobs = {} }: ControllerConfiguration): string[] {
  return toArguments({
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': pki.server.certFile,
    'tls-private-key-file': pki.server.keyFile,
    'authorization-always-allow-paths': openPaths,
    'leader-elect': 'false',
    ...knobs,
  })
}
