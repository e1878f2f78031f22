import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { connect, isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

/** Where a connection is to lead. */
interface Destination {
  hostname: string
  port: number
}

/** How long a proxy may take to connect. */
const connectLimitMs = 30_000

/**
 * Opens a connection through a proxy: with CONNECT (http, https) or SOCKS5 (RFC 1928, 1929), which resolves names itself. User and
 * password of the proxy are in its URL. Rejects with an error that has a code, and names the proxy without them: `PROXY_FAILED`
 * when the proxy may succeed later, as it did not reach the server, `PROXY_REFUSED` when it will not.
 */
export async function tunnelThrough(proxy: URL, to: Destination, tls: ConnectionOptions): Promise<Socket> {
  try {
    return await (proxy.protocol.startsWith('socks5') ? bySocks(proxy, to) : byConnect(proxy, to, tls))
  } catch (error) {
    if (error instanceof Error) error.message = `proxy ${proxy.protocol}//${proxy.host}: ${error.message}`
    throw error
  }
}

function failed(code: 'PROXY_FAILED' | 'PROXY_REFUSED', what: string): Error {
  return Object.assign(new Error(what), { code })
}

/** Also for names in URLs, whose IPv6 addresses have brackets. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function byConnect(proxy: URL, { hostname, port }: Destination, tls: ConnectionOptions): Promise<Socket> {
  const isTls = proxy.protocol === 'https:'
  const host = withoutBrackets(proxy.hostname)
  const target = `${hostname}:${port}`
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const request = (isTls ? httpsRequest : httpRequest)({
    ...tls,
    host,
    // Or else it would be taken from the header.
    servername: isIP(host) === 0 ? host : '',
    port: proxy.port === '' ? (isTls ? 443 : 80) : proxy.port,
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      ...(proxy.username !== '' && { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }),
    },
    agent: false,
    timeout: connectLimitMs,
  })
  return new Promise((resolve, reject) => {
    request.once('connect', ({ statusCode = 0, statusMessage = '' }, socket, head) => {
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head)
        return resolve(socket.setTimeout(0))
      }
      socket.destroy()
      // It did not reach the server, or has too much to do.
      return reject(
        failed(statusCode >= 500 ? 'PROXY_FAILED' : 'PROXY_REFUSED', `it answered ${statusCode} ${statusMessage}`),
      )
    })
    request.once('timeout', () => request.destroy(failed('PROXY_FAILED', 'it took too long to connect')))
    request.once('error', reject)
    request.end()
  })
}

/** What SOCKS servers reply when they did not connect (RFC 1928, section 6); what is not here is final. */
const passing: Readonly<Record<number, string>> = {
  1: 'general failure',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'TTL expired',
}

async function bySocks(proxy: URL, to: Destination): Promise<Socket> {
  // A URL's port is digits, and empty where it has none.
  const socket = connect(proxy.port === '' ? 1080 : Number(proxy.port), withoutBrackets(proxy.hostname))
  const giveUp = (error: Error) => void socket.destroy(error)
  socket.setTimeout(connectLimitMs, () => giveUp(failed('PROXY_FAILED', 'it took too long to connect')))
  try {
    await once(socket, 'connect')
    await introduce(socket, decodeURIComponent(proxy.username), decodeURIComponent(proxy.password))
    await ask(socket, to)
    return socket.setTimeout(0)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function introduce(socket: Socket, username: string, password: string): Promise<void> {
  const methods = username === '' ? [0] : [0, 2]
  socket.write(Uint8Array.of(5, methods.length, ...methods))
  const [version, method] = await bytes(socket, 2)
  if (version !== 5) throw failed('PROXY_REFUSED', 'it does not speak SOCKS5')
  if (method !== 0 && method !== 2)
    throw failed('PROXY_REFUSED', 'it requires an authentication method other than a password')
  if (method === 0) return
  socket.write(Uint8Array.of(1, ...counted(username), ...counted(password)))
  const [, status] = await bytes(socket, 2)
  if (status !== 0) throw failed('PROXY_REFUSED', 'it does not accept user and password')
}

async function ask(socket: Socket, { hostname, port }: Destination): Promise<void> {
  const domainName = 3
  socket.write(Uint8Array.of(5, 1, 0, domainName, ...counted(withoutBrackets(hostname)), port >> 8, port & 255))
  const [, reply = 1, , kind] = await bytes(socket, 4)
  if (reply !== 0) {
    const reason = passing[reply]
    throw failed(
      reason === undefined ? 'PROXY_REFUSED' : 'PROXY_FAILED',
      reason ?? `it does not connect (reply ${reply})`,
    )
  }
  // Where it connects from, which is of no use here: an address and a port.
  const [length = 0] = kind === domainName ? await bytes(socket, 1) : [kind === 4 ? 16 : 4]
  await bytes(socket, length + 2)
}

/** A text of at most 255 bytes, as SOCKS has them: its length comes first. */
function counted(text: string): number[] {
  const content = [...Buffer.from(text)]
  if (content.length > 255) throw failed('PROXY_REFUSED', 'a name or password is too long for SOCKS5')
  return [content.length, ...content]
}

/** Exactly so many bytes of what comes next. */
async function bytes(socket: Socket, count: number): Promise<Uint8Array> {
  for (;;) {
    const read = socket.read(count) as Uint8Array | null
    if (read !== null && read.length === count) return read
    if (read !== null || socket.readableEnded || socket.destroyed) throw failed('PROXY_FAILED', 'it hung up')
    await Promise.race([once(socket, 'readable'), once(socket, 'end')])
  }
}
