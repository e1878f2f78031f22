import { Failure } from '../base/errors.ts'
import { machineFailure } from '../base/file-failures.ts'
import { ApiError } from './api.ts'

/** Failures before the request left. */
const notSent = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'PROXY_FAILED',
])
/** Failures under way. All others, such as an untrusted certificate or an unknown host, do not pass by themselves. */
const interrupted = new Set([
  'ECONNRESET',
  // An administrator, or the kernel, has closed it (`ss --kill`).
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'MalformedAnswer',
  'SilentWatch',
])

/** Whether the server has certainly done nothing: it was too busy (429), or the request never reached it. */
export function isUndone(error: ApiError): boolean {
  return error.status === 429 || notSent.has(error.reason)
}

/**
 * What the apiserver makes of etcd's NOSPACE alarm (etcd api/v3rpc/rpctypes/error.go): whatever puts something in etcd is refused until
 * somebody compacts and defragments it and disarms the alarm, also a deletion that begins with a mark in the object, as those of pods and
 * namespaces do.
 */
const outOfSpace = 'mvcc: database space exceeded'

/** Whether a request was refused because etcd is out of space. */
export function isOutOfSpace(error: unknown): boolean {
  return error instanceof ApiError && error.message.includes(outOfSpace)
}

/** What an operator does about an etcd that is out of space, in this order: nobody else should. */
export const freeingCommands = `To free etcd, run on a machine that reaches it (with etcdctl's --endpoints, --cacert, --cert and --key):
  etcdctl compact --physical $(etcdctl endpoint status -w json | grep -o '"revision":[0-9]*' | head -1 | cut -d: -f2)
  etcdctl defrag --cluster
  etcdctl alarm disarm
If it fills up again: restart it with a higher --quota-backend-bytes, and do the same once more.`

/** Which knob gives etcd more room. */
const moreRoom = 'Raise etcd.quotaBackendBytes (--quota-backend-bytes of etcd), or make the plan smaller.'

/**
 * For so long, an apiserver that has just started may refuse what it will allow: nobody has any rights until it has read them
 * (plugin/pkg/auth/authorizer/rbac).
 */
export const forbiddenAtStartMs = 15_000

/** Whether the same request may succeed later: an overloaded, restarting or unreachable server, but not one that is full. */
export function isTransient(error: ApiError): boolean {
  if (isOutOfSpace(error)) return false
  return isUndone(error) || error.status >= 500 || interrupted.has(error.reason)
}

/** What helps against a refusal, by its status. */
const advice: Readonly<Record<number, string>> = {
  401: 'Log in again, or get a new kubeconfig: the API server does not accept these credentials',
  403: 'Grant the permissions listed in manifests/',
}

/** OpenSSL's names for a certificate that does not convince, as Node has them: `CERT_HAS_EXPIRED`, `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. */
const untrusted = /CERT|SIGNATURE|ISSUER/

/** What to do about an error, if that is known. */
function nextAfter({ status, reason }: ApiError): string | undefined {
  if (status === 0 && untrusted.test(reason))
    return "Renew the API server's certificate, or get a kubeconfig with the authority that has issued it"
  return advice[status]
}

/** A refusal by the apiserver, or by the machine, is no bug of ours: it ends the work as trouble with the infrastructure. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof ApiError)) return machineFailure(error)
  if (isOutOfSpace(error))
    return new Failure('infrastructure', `etcd is out of space (NOSPACE): ${error.message}`, {
      cause: error,
      next: `${moreRoom}\n${freeingCommands}`,
    })
  const next = nextAfter(error)
  return new Failure('infrastructure', error.message, { cause: error, ...(next !== undefined && { next }) })
}
