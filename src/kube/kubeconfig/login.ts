import { Failure, messageOf } from '../../base/errors.ts'
import { readTextFile } from '../../base/files.ts'
import type { ClusterSettings } from './cluster.ts'
import type { ExecCluster, ExecPlugin, PluginSurroundings } from './exec-plugin.ts'
import { runPlugin } from './exec-plugin.ts'
import type { RequestHeaders } from './headers.ts'
import { basicHeader, bearerHeader, headersAgeMs, isHeaderText } from './headers.ts'
import { largestFileBytes } from './kubeconfig.ts'
import type { KeyPair } from './pem.ts'
import type { Login } from './user.ts'

/** What requests are authenticated by, for as long as it holds. */
export interface Authentication {
  /** `renew` asks for others than before. Throws `Failure('infrastructure')`. */
  headers(renew: boolean): Promise<RequestHeaders>
  /** Of a plugin. */
  certificate?: KeyPair | undefined
  /** The end of what nobody renews. */
  expiresAt?: Date | undefined
}

/** What logging in takes from outside. */
export interface LoginSurroundings extends PluginSurroundings {
  now(): Date
  /** Ends a plugin that is asked for the first time: what is renewed later is needed for cleaning up as well. */
  signal?: AbortSignal
}

/** Finds out what to send. A token file is read, and a plugin run, before this returns. Throws `Failure('infrastructure')`. */
export async function logIn(
  login: Login,
  cluster: ClusterSettings,
  surroundings: LoginSurroundings,
): Promise<Authentication> {
  switch (login.by) {
    case 'nothing':
      return { headers: async () => ({}) }
    case 'token':
      return { headers: async () => bearerHeader(login.token), expiresAt: endOfToken(login.token) }
    case 'password':
      return { headers: async () => basicHeader(login.username, login.password) }
    case 'token file':
      return byTokenFile(login)
    case 'plugin':
      return byPlugin(login.plugin, execClusterOf(cluster), surroundings)
  }
}

/** The file is read whenever headers are asked for. While it cannot be, the last token goes on to be used until it is refused. */
function byTokenFile({ file, field }: Extract<Login, { by: 'token file' }>): Authentication {
  const read = () => {
    const failure = (reason: string) =>
      new Failure('infrastructure', `${field}: ${reason}`, { next: 'Renew the token file' })
    let token: string
    try {
      token = readTextFile(file, largestFileBytes).trim()
    } catch (error) {
      throw failure(messageOf(error))
    }
    if (token === '') throw failure(`${file} is empty`)
    if (!isHeaderText(token)) throw failure(`${file} holds more than one line, or control characters`)
    return token
  }
  let token = read()
  return {
    async headers(renew) {
      try {
        token = read()
      } catch (error) {
        if (renew) throw error
      }
      return bearerHeader(token)
    },
  }
}

async function byPlugin(
  plugin: ExecPlugin,
  cluster: ExecCluster,
  surroundings: LoginSurroundings,
): Promise<Authentication> {
  const { now, signal } = surroundings
  let credential = await runPlugin(plugin, cluster, surroundings, signal)
  let pending: Promise<void> | undefined
  const lasts = (ms: number) =>
    credential.expiresAt === undefined || credential.expiresAt.getTime() - now().getTime() > ms
  const renewed = async () => {
    credential = await runPlugin(plugin, cluster, surroundings)
  }
  const { certificate, expiresAt } = credential
  return {
    async headers(renew) {
      // A certificate is of the connection: another one would not be used.
      if (credential.token === undefined) return {}
      if (renew || !lasts(headersAgeMs)) {
        pending ??= renewed().finally(() => {
          pending = undefined
        })
        try {
          await pending
        } catch (error) {
          if (renew || !lasts(0)) throw error
        }
      }
      return credential.token === undefined ? {} : bearerHeader(credential.token)
    },
    ...(certificate !== undefined && { certificate, expiresAt }),
  }
}

/** The cluster as client-go tells plugins of it (rest/exec.go): a proxy of the environment is not part of it. */
function execClusterOf({
  server,
  servername,
  insecure,
  ca,
  proxy,
  disableCompression,
  execConfig,
}: ClusterSettings): ExecCluster {
  return {
    server: server.href.replace(/\/+$/, ''),
    ...(servername !== undefined && { 'tls-server-name': servername }),
    ...(insecure && { 'insecure-skip-tls-verify': true as const }),
    ...(ca !== undefined && { 'certificate-authority-data': ca.toString('base64') }),
    ...(proxy !== undefined && { 'proxy-url': proxy.href }),
    ...(disableCompression && { 'disable-compression': true as const }),
    config: execConfig ?? null,
  }
}

/** When a token says that it ends (RFC 7519, `exp`). */
function endOfToken(token: string): Date | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      exp?: unknown
    } | null
    const end = typeof claims?.exp === 'number' ? new Date(claims.exp * 1000) : undefined
    // Later than a date can be is never.
    return end === undefined || Number.isNaN(end.getTime()) ? undefined : end
  } catch {
    // Not every token is a JWT.
    return undefined
  }
}
