import { writeFileWhole } from '../../base/files.ts'
import type { KeyPair } from './pki.ts'

/** Where the apiserver is and the certificate that vouches for it. */
export interface ApiEndpoint {
  /** `https://127.0.0.1:port`. */
  server: string
  /** PEM. */
  ca: string
  /** What context, cluster and user are called; `scale-test` when absent. */
  name?: string
}

/**
 * Writes a kubeconfig for one user, or for nobody, everything inlined so that the file works wherever it is copied to;
 * readable by its owner only. JSON, which is YAML too. Resolves to `file`.
 */
export async function writeKubeconfig(
  file: string,
  { server, ca, name = 'scale-test' }: ApiEndpoint,
  user?: KeyPair,
): Promise<string> {
  // It brings all generated models along, half a second of loading: not before it is needed.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const kubeconfig = new KubeConfig()
  kubeconfig.loadFromOptions({
    clusters: [{ name, server, caData: base64(ca), skipTLSVerify: false }],
    users: [{ name, ...(user !== undefined && { certData: base64(user.cert), keyData: base64(user.key) }) }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  })
  writeFileWhole(file, `${kubeconfig.exportConfig()}\n`)
  return file
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
