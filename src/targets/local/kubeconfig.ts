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
 * readable by its owner only. JSON, which is YAML too. Returns `file`.
 */
export function writeKubeconfig(
  file: string,
  { server, ca, name = 'scale-test' }: ApiEndpoint,
  user?: KeyPair,
): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: user === undefined ? {} : identity(user) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }
  writeFileWhole(file, `${JSON.stringify(kubeconfig, null, 2)}\n`)
  return file
}

function identity({ cert, key }: KeyPair): Record<string, string> {
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
