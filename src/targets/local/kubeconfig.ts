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
 * Writes a kubeconfig for one user, everything inlined so that the file works wherever it is copied to; readable by
 * its owner only. JSON, which is YAML too.
 */
export function writeKubeconfig(file: string, { server, ca }: ApiEndpoint, user: KeyPair): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'scale-test',
    clusters: [{ name: 'scale-test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      { name: 'user', user: { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) } },
    ],
    contexts: [{ name: 'scale-test', context: { cluster: 'scale-test', user: 'user' } }],
  }
  writeFileSync(file, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 })
  return file
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
