import type { KubeconfigContext } from './kubeconfig.ts'
import { mistakeOf } from './kubeconfig.ts'
import { authorityIn } from './pem.ts'
import { proxyForms, proxyUrl } from './proxy.ts'

/** A cluster of a kubeconfig, checked. */
export interface ClusterSettings {
  /** What the kubeconfig calls it. */
  name: string
  server: URL
  /** The name to check the server's certificate against, when it is not the host of `server`. */
  servername: string | undefined
  /** The server's certificate is not to be checked. */
  insecure: boolean
  /** PEM certificates; the system's count when absent. */
  ca: Buffer | undefined
  /** From `proxy-url`. */
  proxy: URL | undefined
  disableCompression: boolean
  /** For credential plugins: the extension `client.authentication.k8s.io/exec`. */
  execConfig: unknown
}

/**
 * The cluster of a context. Throws `Failure`: 'bad-input' for what cannot be meant, 'infrastructure' when a file that it names
 * cannot be read.
 */
export function clusterOf(context: KubeconfigContext): ClusterSettings {
  const { name, path, fields } = context.cluster
  const refused = (key: string, what: string) => context.refusal([mistakeOf(path, key, what)])

  if (fields.server === undefined) throw refused('server', 'required: the address of the API server')
  const server = URL.canParse(fields.server) ? new URL(fields.server) : undefined
  // A password in the URL would end up in messages and logs.
  const extras = server === undefined ? '' : `${server.username}${server.password}${server.search}${server.hash}`
  if (server === undefined || !/^https?:$/.test(server.protocol) || extras !== '')
    throw refused('server', 'expected a plain http or https URL, such as https://host:6443; credentials go under users')

  const proxy = proxyUrl(fields['proxy-url'] ?? '')
  if (fields['proxy-url'] !== undefined && proxy === undefined) throw refused('proxy-url', `expected ${proxyForms}`)

  const insecure = fields['insecure-skip-tls-verify']
  const authority = fields['certificate-authority-data'] ?? fields['certificate-authority']
  if (insecure && authority !== undefined)
    throw refused('insecure-skip-tls-verify', 'cannot go together with a certificate authority')
  return {
    name,
    server,
    servername: fields['tls-server-name'],
    insecure,
    ca: authorityIn(context, path, fields),
    proxy,
    disableCompression: fields['disable-compression'],
    execConfig: fields.extensions.find((one) => one.name === 'client.authentication.k8s.io/exec')?.extension,
  }
}
