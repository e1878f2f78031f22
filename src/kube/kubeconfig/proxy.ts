import { BlockList, isIP } from 'node:net'
import { Failure } from '../../base/errors.ts'

const protocols = ['http:', 'https:', 'socks5:', 'socks5h:']

/**
 * The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for a server, in upper or lower case; the rules are Go's
 * (golang.org/x/net/http/httpproxy): this machine is never reached through one. Throws `Failure('bad-input')` for one
 * that cannot be used.
 */
export function proxyInEnvironment(server: URL, env: Readonly<Record<string, string | undefined>>): URL | undefined {
  const valueIn = (name: string) => env[name] || env[name.toLowerCase()]
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const written = valueIn(name)
  if (written === undefined || !goesThroughProxy(server, valueIn('NO_PROXY') ?? '')) return undefined
  const proxy = proxyUrl(written.includes('://') ? written : `http://${written}`)
  if (proxy !== undefined) return proxy
  throw new Failure('bad-input', `${name} is not the URL of a proxy`, { next: `Set it to ${proxyForms}, or unset it` })
}

/** The URL of a proxy; undefined when it is none that can be connected through. */
export function proxyUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '' || !protocols.includes(url.protocol)) return undefined
  try {
    decodeURIComponent(`${url.username}${url.password}`)
    return url
  } catch {
    return undefined
  }
}

/** How a proxy may be written. */
export const proxyForms = 'http://host:port, https://host:port or socks5://host:port'

function goesThroughProxy(server: URL, noProxy: string): boolean {
  const host = bare(server.hostname)
  const port = server.port === '' ? { 'http:': '80', 'https:': '443' }[server.protocol] : server.port
  if (isThisMachine(server)) return false
  const exceptions = noProxy.split(',').map((entry) => entry.trim().toLowerCase())
  return !exceptions.some((entry) => entry === '*' || matches(entry, host, port))
}

/** One entry of NO_PROXY: `10.0.0.0/8`, `10.1.2.3:6443`, `example.com` with all below it, `.example.com` or `*.example.com` below it. */
function matches(entry: string, host: string, port: string | undefined): boolean {
  const [, network = '', bits = ''] = /^([0-9a-f.:]+)\/(\d+)$/.exec(entry) ?? []
  // Bits are digits: none where there is no network.
  if (isIP(network) !== 0) return isWithin(host, network, Number(bits))
  // An IPv6 address without brackets has no port.
  const [, bracketed, plain, entryPort] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(entry) ?? []
  const name = bracketed ?? plain ?? entry
  if (name === '' || (entryPort !== undefined && entryPort !== port)) return false
  if (isIP(name) !== 0) return isWithin(host, name, isIP(name) === 4 ? 32 : 128)
  if (isIP(host) !== 0) return false
  const suffix = name.replace(/^\*\./, '.')
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`)
}

/** Whether a host is an address in a network; its name, if it has one, is not asked for. */
function isWithin(host: string, network: string, bits: number): boolean {
  const isIPv4 = isIP(network) === 4
  if (isIP(host) === 0 || bits > (isIPv4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, bits, isIPv4 ? 'ipv4' : 'ipv6')
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a server is reached without leaving this machine. */
export function isThisMachine({ hostname }: URL): boolean {
  const host = bare(hostname)
  return host === 'localhost' || isWithin(host, '127.0.0.0', 8) || isWithin(host, '::1', 128)
}

/** An IPv6 address in a URL has brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
