import type { Credentials } from '../../kube/credentials.ts'
import type { KeyPair } from './pki.ts'

/** How to be known to a component of this cluster by a client certificate, or not at all. */
export function credentialsFor(server: string, ca: string, user?: KeyPair): Credentials {
  return {
    server,
    tls: { ca, ...(user !== undefined && { cert: user.cert, key: user.key }) },
    headers: async () => ({}),
  }
}

/**
 * A hollow kubelet makes its own serving certificate, which nobody vouches for; it is asked over loopback, without
 * credentials, for nothing secret.
 */
export function kubeletCredentials(server: string): Credentials {
  return { server, tls: { rejectUnauthorized: false }, headers: async () => ({}) }
}
