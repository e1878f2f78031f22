import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { User } from '@kubernetes/client-node'
import { Failure, messageOf } from '../base/errors.ts'

/** What the TLS layer needs to know, PEM contents included: no file is read once this exists. */
interface TlsIdentity {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  /** The name to check the server's certificate against, when it is not the host of the URL. */
  servername?: string
  /** Only ever `false`: the server's certificate is not checked. */
  rejectUnauthorized?: false
}

/** Where a server is and how to be known there. A plain value: a target that made its own certificates writes one by hand. */
export interface Credentials {
  /** `https://host:port`, followed by a path when the API lives under one; no slash at the end. */
  readonly server: string
  readonly tls: TlsIdentity
  /** What the kubeconfig calls the cluster, when it is from one. */
  readonly clusterName?: string
  /**
   * When they end: the client certificate, or a token that nobody renews and that tells its end. Absent where neither is
   * so.
   */
  readonly expiresAt?: Date
  /**
   * Headers that authenticate a request; empty when the client certificate does. `renew` forgets what was cached,
   * such as the token of a credential plugin. Throws `Failure('infrastructure')` when a plugin fails.
   */
  headers(renew?: boolean): Promise<Readonly<Record<string, string>>>
}

/** Choices of `loadCredentials`. */
export interface LoadOptions {
  /** The kubeconfig's current context when absent. */
  context?: string
  /** Accept `insecure-skip-tls-verify`, and plain http to another machine. */
  allowInsecure?: boolean
}

/**
 * Reads one context of a kubeconfig, and every file that it names, once. A credential plugin is run once, so that a
 * broken one is found before anything is touched; a client certificate that it gives is used for the whole connection.
 *
 * Throws `Failure`: 'bad-input' when the kubeconfig is unreadable or has no such context, 'safety-refusal' when the
 * connection would not be protected, 'infrastructure' when a file it names is unreadable or a plugin fails.
 * No message quotes the kubeconfig's contents.
 */
export async function loadCredentials(
  source: { file: string } | { text: string },
  options: LoadOptions = {},
): Promise<Credentials> {
  const origin = 'file' in source ? source.file : 'the kubeconfig'
  const text = 'file' in source ? readKubeconfig(source.file) : source.text
  // Half a second to load, all generated models: not before it is needed.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    config.loadFromString(text)
  } catch (error) {
    throw new Failure('bad-input', `${origin} is not a kubeconfig: ${reasonOf(error)}`, {
      next: `Try: kubectl --kubeconfig ${origin} config view`,
    })
  }
  if ('file' in source) config.makePathsAbsolute(dirname(source.file))

  const contextName = options.context ?? config.getCurrentContext()
  const context = config.getContextObject(contextName)
  if (context === null) {
    const names = config.getContexts().map(({ name }) => name)
    throw new Failure('bad-input', `${origin} has no context ${contextName ?? '(none is current)'}`, {
      next: names.length === 0 ? 'Name a kubeconfig that has contexts' : `Choose one of: ${names.join(', ')}`,
    })
  }
  const cluster = config.getCluster(context.cluster)
  const user = context.user === undefined ? { name: '' } : config.getUser(context.user)
  if (cluster === null || user === null) {
    const missing = cluster === null ? `cluster ${context.cluster}` : `user ${context.user}`
    throw new Failure('bad-input', `${origin}: context ${contextName} names ${missing}, which is not there`, {
      next: `Try: kubectl --kubeconfig ${origin} config view`,
    })
  }

  const server = checkedServer(cluster.server, origin)
  if (cluster.proxyUrl !== undefined) {
    throw new Failure('bad-input', `${origin}: cluster ${cluster.name} has a proxy-url, which is not supported`, {
      next: 'Run where the apiserver can be reached directly, or forward its port',
    })
  }
  const unprotected = cluster.skipTLSVerify || (server.protocol === 'http:' && !isLoopback(server.hostname))
  if (unprotected && options.allowInsecure !== true) {
    const how = cluster.skipTLSVerify ? 'sets insecure-skip-tls-verify' : 'uses plain http to another machine'
    throw new Failure('safety-refusal', `${origin}: cluster ${cluster.name} ${how}: anyone could answer in its place`, {
      next: 'Give the cluster its certificate-authority-data, or allow insecure connections explicitly',
    })
  }

  const ca = inlined(cluster.caData, cluster.caFile, origin)
  const { certData, certFile, keyData, keyFile, ...account } = user
  const authenticate = authenticator(account, () => new KubeConfig())
  const plugin = await authenticate(false)
  const cert = plugin.cert ?? inlined(certData, certFile, origin)
  const key = plugin.key ?? inlined(keyData, keyFile, origin)
  return {
    server: server.href.replace(/\/+$/, ''),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
      ...(cluster.skipTLSVerify && { rejectUnauthorized: false as const }),
    },
    clusterName: cluster.name,
    ...earliest(expiry(ca, cert, key, origin), tokenExpiry(user)),
    headers: async (renew = false) => (await authenticate(renew)).headers,
  }
}

interface Authentication {
  headers: Record<string, string>
  cert?: string
  key?: string
}

/** Everything about `user` that can change during a run; client-node knows tokens, plugins and OIDC, and caches them. */
function authenticator(user: User, create: () => KubeConfigOfUser): (renew: boolean) => Promise<Authentication> {
  let config: KubeConfigOfUser | undefined
  return async (renew) => {
    if (renew || config === undefined) {
      config = create()
      // The server is not its business here, and it refuses http.
      config.loadFromClusterAndUser({ name: 'unused', server: 'https://unused', skipTLSVerify: false }, user)
    }
    const request: RequestOptions = {}
    try {
      await config.applyToHTTPSOptions(request)
    } catch (error) {
      throw new Failure('infrastructure', `user ${user.name} cannot be authenticated: ${reasonOf(error)}`, {
        next: 'Log in again with the tool that wrote the kubeconfig, then check: kubectl auth whoami',
      })
    }
    const headers = { ...(request.headers as Record<string, string>) }
    if (typeof request.auth === 'string') {
      headers.Authorization = `Basic ${Buffer.from(request.auth).toString('base64')}`
    }
    return {
      headers,
      ...(typeof request.cert === 'string' && { cert: request.cert }),
      ...(typeof request.key === 'string' && { key: request.key }),
    }
  }
}

/** The part of client-node's KubeConfig that authenticates; named, because the class itself is imported late. */
type KubeConfigOfUser = Pick<
  InstanceType<typeof import('@kubernetes/client-node').KubeConfig>,
  'loadFromClusterAndUser' | 'applyToHTTPSOptions'
>

function readKubeconfig(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure('bad-input', `the kubeconfig cannot be read: ${messageOf(error)}`, {
      next: 'Check the path and its permissions',
    })
  }
}

/** PEM contents given inside the kubeconfig (base64) or in a file; inside wins, as for kubectl. */
function inlined(data: string | undefined, file: string | undefined, origin: string): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64')
  if (!file) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Failure('infrastructure', `a file that ${origin} names cannot be read: ${messageOf(error)}`, {
      next: 'Restore the file, or write the kubeconfig with: kubectl config view --raw --flatten',
    })
  }
}

function checkedServer(server: string, origin: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    // A password in the URL would end up in messages and logs.
    throw new Failure('bad-input', `${origin}: the server is not a plain http or https URL`, {
      next: 'Write it as https://host:port, with credentials under users',
    })
  }
  return url
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** Also finds damaged certificates and a key that belongs to another one, before the first connection. */
function expiry(
  ca: Buffer | undefined,
  cert: string | Buffer | undefined,
  key: string | Buffer | undefined,
  origin: string,
): { expiresAt?: Date } {
  try {
    createSecureContext({ ca, cert, key })
    return cert === undefined ? {} : { expiresAt: new X509Certificate(cert).validToDate }
  } catch (error) {
    throw new Failure('bad-input', `${origin}: the certificates cannot be used: ${reasonOf(error)}`, {
      next: 'Write the kubeconfig again',
    })
  }
}

/** The end of a token in the kubeconfig itself (RFC 7519, `exp`): one that a plugin gave, or a file holds, is renewed. */
function tokenExpiry({ token, exec, authProvider }: User): { expiresAt?: Date } {
  if (token === undefined || exec !== undefined || authProvider !== undefined) return {}
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      exp?: unknown
    } | null
    return typeof claims?.exp === 'number' ? { expiresAt: new Date(claims.exp * 1000) } : {}
  } catch {
    // Not every token is a JWT.
    return {}
  }
}

function earliest(...ends: { expiresAt?: Date }[]): { expiresAt?: Date } {
  const times = ends.flatMap(({ expiresAt }) => expiresAt ?? [])
  return times.length === 0 ? {} : { expiresAt: new Date(Math.min(...times.map((time) => time.getTime()))) }
}

/** Why something failed, without the excerpts of the input that YAML and JSON parsers put in their messages. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer is not JSON'
  if (error instanceof Error && error.name === 'YAMLException') {
    const { reason, mark } = error as Error & { reason?: string; mark?: { line: number } }
    return mark === undefined ? (reason ?? 'not YAML') : `${reason ?? 'not YAML'} on line ${mark.line + 1}`
  }
  return messageOf(error).trim()
}
