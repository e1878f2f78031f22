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

/** What the apiserver makes of etcd's NOSPACE alarm: writes are refused until somebody defragments etcd and disarms it. */
const outOfSpace = 'mvcc: database space exceeded'

/** Whether the same request may succeed later: an overloaded, restarting or unreachable server, but not one that is full. */
export function isTransient(error: ApiError): boolean {
  if (error.message.includes(outOfSpace)) return false
  return isUndone(error) || error.status >= 500 || interrupted.has(error.reason)
}

/** What helps against a refusal, by its status. */
const advice: Readonly<Record<number, string>> = {
  401: 'Log in again, or get a new kubeconfig: the API server does not accept these credentials',
  403: 'Grant the permissions listed in manifests/',
}

/** A refusal by the apiserver, or by the machine, is no bug of ours: it ends the work as trouble with the infrastructure. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof ApiError)) return machineFailure(error)
  const next = advice[error.status]
  return new Failure('infrastructure', error.message, { cause: error, ...(next !== undefined && { next }) })
}
