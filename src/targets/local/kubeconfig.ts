import { writeFileSync } from 'node:fs'
import type { KeyPair } from './pki.ts'

/** Where the apiserver is and the certificate that vouches for it. */
export interface ApiEndpoint {
  /** `https://127.0.0.1:port`. */
  server: string
  /** PEM. */
  ca: string
}

/**
 * Writes a kubeconfig for one user, or for nobody, everything inlined so that the file works wherever it is copied to;
 * readable by its owner only. JSON, which is YAML too. Returns `file`.
 */
export function writeKubeconfig(file: string, { server, ca }: ApiEndpoint, user?: KeyPair): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'scale-test',
    clusters: [{ name: 'scale-test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'scale-test', user: user === undefined ? {} : identity(user) }],
    contexts: [{ name: 'scale-test', context: { cluster: 'scale-test', user: 'scale-test' } }],
  }
  writeFileSync(file, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 })
  return file
}

function identity({ cert, key }: KeyPair): Record<string, string> {
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
