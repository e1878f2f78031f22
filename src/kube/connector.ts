import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { checkServerIdentity, createSecureContext, getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import type { Credentials } from './credentials.ts'
import { tunnelThrough } from './tunnel.ts'

/** A dead machine is noticed by TCP probes every 30 s, as in client-go. */
const probeMs = 30_000

/** How a pool connects to a server: directly, or through the proxy that the credentials name. */
export function connectorFor({ tls, proxyFor }: Credentials, server: URL): buildConnector.connector {
  const isTls = server.protocol === 'https:'
  // Said either way: or else NODE_TLS_REJECT_UNAUTHORIZED=0 would decide.
  const { servername, rejectUnauthorized = true, ca = isTls ? systemAuthorities() : undefined, ...certificate } = tls
  const direct = buildConnector({
    rejectUnauthorized,
    ...calledFor(servername),
    // Made once, not for each connection.
    ...(isTls && { secureContext: createSecureContext({ ...certificate, ...(ca !== undefined && { ca }) }) }),
    allowH2: false,
    keepAliveInitialDelay: probeMs,
  })
  const proxy = proxyFor?.(server)
  if (proxy === undefined) return direct

  // As for client-go, who vouches for the cluster vouches for the way there.
  const proxyTls = { rejectUnauthorized, ...(ca !== undefined && { ca }) }
  return (target, callback) => {
    // URLs leave out the usual port, and have digits for others.
    const port = target.port === '' ? (isTls ? 443 : 80) : Number(target.port)
    tunnelThrough(proxy, { hostname: target.hostname, port }, proxyTls).then(
      (socket) => {
        socket.setKeepAlive(true, probeMs)
        if (isTls) direct({ ...target, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error) => callback(error, null),
    )
  }
}

/** The name that the server's certificate has to be for. TLS itself can only ask for names, not for addresses. */
function calledFor(servername: string | undefined): Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> {
  if (servername === undefined) return {}
  if (isIP(servername) === 0) return { servername }
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(servername, certificate) }
}

/** Whom this machine trusts, as for Go's programs; undefined where it says nothing, so that Node's own list counts. */
function systemAuthorities(): string[] | undefined {
  const trusted = [...getCACertificates('system'), ...getCACertificates('extra')]
  return trusted.length === 0 ? undefined : trusted
}
