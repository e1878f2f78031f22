import { createSecureContext } from 'node:tls'
import { Failure, messageOf } from '../base/errors.ts'
import { keepSecret } from '../base/known-secrets.ts'
import type { ClusterSettings } from './kubeconfig/cluster.ts'
import { clusterOf } from './kubeconfig/cluster.ts'
import type { RequestHeaders } from './kubeconfig/headers.ts'
import { readContext } from './kubeconfig/kubeconfig.ts'
import type { LoginSurroundings } from './kubeconfig/login.ts'
import { logIn } from './kubeconfig/login.ts'
import { certificateIn } from './kubeconfig/pem.ts'
import { isThisMachine, proxyInEnvironment } from './kubeconfig/proxy.ts'
import { userOf } from './kubeconfig/user.ts'

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
  /** When they end: a certificate, or a token that nobody renews and that tells its end. Absent where neither is so. */
  readonly expiresAt?: Date
  /** Set where nobody checks which server answers, because that was allowed. */
  readonly insecure?: true
  /** Why requests are anonymous; absent where they are not. */
  readonly anonymous?: string
  /**
   * Headers that authenticate a request; empty when the client certificate does. `renew` forgets what was cached,
   * such as the token of a credential plugin. Throws `Failure('infrastructure')` when a plugin fails.
   */
  headers(renew?: boolean): Promise<RequestHeaders>
  /** The proxy by which this server is reached, if there is one; its URL may hold a password. */
  proxyFor?(server: URL): URL | undefined
}

/** What reading a kubeconfig takes from outside. */
export interface LoadOptions extends LoginSurroundings {
  /** The kubeconfig's current context when absent. */
  context?: string
  /** Accept `insecure-skip-tls-verify`, and plain http to another machine. */
  allowInsecure?: boolean
}

/**
 * Reads one context of a kubeconfig, and every file that it names, as client-go does; a token file is read again and again. A
 * credential plugin is run once, so that a broken one is found before anything is touched; a client certificate that it gives is
 * used for the whole connection.
 *
 * Throws `Failure`: 'bad-input' with file, line and column when the kubeconfig says something that cannot be meant or is not
 * supported, 'safety-refusal' when the connection would not be protected, 'infrastructure' when a file it names is unreadable
 * or a plugin fails. No message quotes the kubeconfig's contents, and what is secret in it is hidden from now on in all that this
 * process writes.
 */
export async function loadCredentials(file: string, options: LoadOptions): Promise<Credentials> {
  const context = readContext(file, options.context)
  const cluster = clusterOf(context)
  const { server, ca, servername, insecure } = cluster
  const isOpen = insecure || (server.protocol === 'http:' && !isThisMachine(server))
  if (isOpen && options.allowInsecure !== true) throw unprotected(cluster, file, context.name)
  const proxyFor = (url: URL) => {
    const proxy = cluster.proxy ?? proxyInEnvironment(url, options.env)
    for (const secret of proxy === undefined ? [] : secretsOf(proxy)) keepSecret(secret)
    return proxy
  }
  // A proxy that cannot be used is reported now.
  proxyFor(server)

  const { login, certificate: own, impersonation } = userOf(context)
  keepSecret(own?.key.toString() ?? '')
  // client-go sends no credentials where anybody could read them on the way.
  const isPlain = server.protocol === 'http:'
  const authentication = await logIn(isPlain ? { by: 'nothing' } : login, cluster, options)
  const certificate = isPlain ? undefined : (own ?? authentication.certificate)
  const ends = [
    authentication.expiresAt,
    certificate === undefined ? undefined : certificateIn(certificate.cert)?.validToDate,
  ].flatMap((end) => end?.getTime() ?? [])
  const tls = { ...(ca !== undefined && { ca }), ...certificate }
  requireUsable(tls, file)
  const anonymous = isPlain
    ? 'like kubectl, scale-test sends none over plain http'
    : login.by === 'nothing' && certificate === undefined
      ? `user ${context.user?.name ?? '(the context names none)'} has neither a token, a client certificate, a password nor a plugin`
      : undefined
  return {
    server: server.href.replace(/\/+$/, ''),
    tls: {
      ...tls,
      ...(servername !== undefined && { servername }),
      ...(insecure && { rejectUnauthorized: false as const }),
    },
    clusterName: cluster.name,
    ...(isOpen && { insecure: true as const }),
    ...(ends.length > 0 && { expiresAt: new Date(Math.min(...ends)) }),
    ...(anonymous !== undefined && { anonymous }),
    headers: async (renew = false) => ({ ...(await authentication.headers(renew)), ...impersonation }),
    proxyFor,
  }
}

/** The password of a proxy as it is written, as it is meant, and as it is sent. */
function secretsOf({ username, password }: URL): string[] {
  if (password === '') return []
  const [user, plain] = [decodeURIComponent(username), decodeURIComponent(password)]
  return [password, plain, `${user}:${plain}`]
}

function unprotected({ name, insecure }: ClusterSettings, file: string, context: string): Failure {
  const how = insecure ? 'sets insecure-skip-tls-verify' : 'uses plain http to another machine'
  return new Failure('safety-refusal', `${file}: cluster ${name} ${how}: anyone could answer in its place`, {
    next: `Give the cluster its certificate-authority-data, or connect anyway: --allow-insecure ${context}`,
  })
}

/** What no field is to blame for, such as a key that is too short for TLS today. */
function requireUsable(tls: TlsIdentity, file: string): void {
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new Failure('bad-input', `${file}: the certificates cannot be used: ${messageOf(error)}`, {
      next: 'Recreate the kubeconfig',
    })
  }
}
